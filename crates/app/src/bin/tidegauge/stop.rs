//! Ctrl-C: at once, or, while something is streamed, when the page in hand is loaded.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Ctrl-C, or SIGTERM where there is one.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    /// Whether somebody ends by himself when asked.
    is_heard: AtomicBool,
    asked: Notify,
}

impl Stop {
    /// Waits until the user asks for the end, and promises to come to it.
    pub(crate) async fn asked_for(&self) {
        self.is_heard.store(true, Ordering::Release);
        self.asked.notified().await;
    }

    /// Waits until everything is to end at once: when the user asks and nobody hears it, or asks
    /// a second time.
    pub(crate) async fn at_once(&self) {
        signal().await;
        if self.is_heard.load(Ordering::Acquire) {
            self.asked.notify_one();
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
        // Nobody can ask: then nobody does.
        std::future::pending::<()>().await;
    }
}
