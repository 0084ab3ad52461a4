//! Ctrl-C and SIGTERM: the first signal cancels the token of the command, which finishes the
//! current page; a second one ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};

use tidegauge::CancellationToken;

/// The conversion of signals to the cancellation of a command.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    token: CancellationToken,
    /// `true` if the command has taken the token, and ends by itself.
    is_heard: AtomicBool,
}

impl Shutdown {
    /// Returns the token that the first signal cancels. The caller must end its work then.
    pub(crate) fn token(&self) -> CancellationToken {
        self.is_heard.store(true, Ordering::Release);
        self.token.clone()
    }

    /// Waits until the command must end at once: until the first signal if no command has taken the
    /// token, else until the second.
    pub(crate) async fn at_once(&self) {
        signal().await;
        if self.is_heard.load(Ordering::Acquire) {
            self.token.cancel();
            signal().await;
        }
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return interrupted().await;
    };
    tokio::select! {
        () = interrupted() => {}
        _ = terminated.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    interrupted().await;
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler no signal can arrive: the command is never ended by one.
        std::future::pending::<()>().await;
    }
}
