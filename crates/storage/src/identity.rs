//! Identities of stores, by which two URLs of the same store are recognized.

use std::fs;
use std::path::{Path, PathBuf};

/// The maximum number of links to follow before they are considered circular.
const MAX_LINKS: usize = 40;

/// Returns the identity of the file or folder at `path`, which need not exist yet.
pub(crate) fn path_identity(path: &Path) -> String {
    let path = resolve_links(path, MAX_LINKS);
    // A file may have several names, so its inode identifies it.
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(&path) {
        use std::os::unix::fs::MetadataExt;
        return format!("file {}:{}", metadata.dev(), metadata.ino());
    }
    format!("file {}", path.display())
}

/// Resolves links and dots in `path`, as far as it exists.
fn resolve_links(path: &Path, links: usize) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    if links > 0
        && let Ok(to) = fs::read_link(&path)
    {
        return resolve_links(&path.parent().unwrap_or(&path).join(to), links - 1);
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => resolve_links(parent, links).join(name),
        _ => path,
    }
}

/// Returns the identity of a server's store by its name, which is the URL without secrets.
pub(crate) fn server_identity(name: &str) -> String {
    let Some((scheme, rest)) = name.split_once("://") else { return name.to_owned() };
    let (host, within) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.to_ascii_lowercase();
    let host = match host.rsplit_once(':') {
        Some(("localhost" | "[::1]" | "::1", port)) => format!("127.0.0.1:{port}"),
        _ => host,
    };
    format!("{scheme}://{host}/{within}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_path_have_one_identity() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| path_identity(&dir.path().join(path));
        fs::create_dir(dir.path().join("sub")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("t.db", dir.path().join("link.db")).unwrap();
        for _ in 0..2 {
            assert_eq!(at("t.db"), at("./t.db"));
            assert_eq!(at("t.db"), at("sub/../t.db"));
            #[cfg(unix)]
            assert_eq!(at("t.db"), at("link.db"));
            assert_ne!(at("t.db"), at("u.db"));
            fs::write(dir.path().join("t.db"), "").unwrap();
        }
        fs::hard_link(dir.path().join("t.db"), dir.path().join("hard.db")).unwrap();
        #[cfg(unix)]
        assert_eq!(at("t.db"), at("hard.db"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("circle", dir.path().join("circle")).unwrap();
            assert_ne!(at("circle"), at("t.db"));
        }
    }

    #[test]
    fn all_names_of_this_machine_have_one_identity() {
        let one = server_identity("postgres://LOCALHOST:5432/Shop?schema=a");
        assert_eq!(one, server_identity("postgres://127.0.0.1:5432/Shop?schema=a"));
        assert_ne!(one, server_identity("postgres://127.0.0.1:5432/shop?schema=a"));
        assert_ne!(one, server_identity("postgres://127.0.0.1:5433/Shop?schema=a"));
    }
}
