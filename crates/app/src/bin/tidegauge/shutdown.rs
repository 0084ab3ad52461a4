//! Ctrl-C and SIGTERM: the first signal cancels the token of the command, which finishes the
//! current page; a second one ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};

use tidegauge::CancellationToken;

/// The conversion of signals to the cancellation of a command.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    token: CancellationToken,
    /// `true` if the command has taken the token, and ends by itself.
    is_graceful: AtomicBool,
}

impl Shutdown {
    /// Returns the token that the first signal cancels. The caller must end its work then.
    pub(crate) fn token(&self) -> CancellationToken {
        self.is_graceful.store(true, Ordering::Release);
        self.token.clone()
    }

    /// Waits until the command must end at once: until the first signal if no command has taken the
    /// token, else until the second.
    pub(crate) async fn forced(&self) {
        wait_for_signal().await;
        if self.is_graceful.load(Ordering::Acquire) {
            self.token.cancel();
            wait_for_signal().await;
        }
    }
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return wait_for_ctrl_c().await;
    };
    tokio::select! {
        () = wait_for_ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    wait_for_ctrl_c().await;
}

async fn wait_for_ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler no signal can arrive: the command is never ended by one.
        std::future::pending::<()>().await;
    }
}
