//! Ctrl-C and SIGTERM: the page at hand is finished where a command hears the token; a second one ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

use tidegauge::CancellationToken;

/// Turns signals into the cancellation of a command.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    token: CancellationToken,
    /// Whether the command hears the token, and ends by itself.
    is_heard: AtomicBool,
}

impl Shutdown {
    /// Returns the token that the first signal cancels. Whoever takes it promises to end then.
    pub(crate) fn token(&self) -> CancellationToken {
        self.is_heard.store(true, Ordering::Release);
        self.token.clone()
    }

    /// Waits until everything is to end at once: at the first signal if no command hears the token, else at the
    /// second.
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
        // No signal can come: then none does.
        std::future::pending::<()>().await;
    }
}
