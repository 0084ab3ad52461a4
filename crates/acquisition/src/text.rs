//! Text of replies and messages: truncation, and the recognition of web pages.

/// Returns `true` if `body` begins as a web page does.
pub(crate) fn is_web_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// Returns `true` if `body` is an HTML page instead of another document.
pub(crate) fn is_html(body: &[u8]) -> bool {
    let body = body.trim_ascii_start();
    let begins =
        |with: &[u8]| body.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    begins(b"<!doctype html") || begins(b"<html")
}

/// Returns the first `limit` characters of `text`, on one line.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.trim().chars().map(plain).take(limit).collect()
}
