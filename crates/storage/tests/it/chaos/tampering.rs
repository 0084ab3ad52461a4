//! Tampering with a store between two runs. Either it is reported before anything is written, with
//! advice on what to do, or it does no harm.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tidegauge_core::{Cursor, ErrorKind, Removal, Reset};

use super::{Feed, PAGES, found};
use crate::support::{Store, by_hand, files};

const MANIFEST: &str = "_tidegauge/manifest.json";

/// A kind of tampering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tampering {
    /// The manifest is removed.
    ManifestGone,
    /// The manifest of an earlier commit is restored.
    ManifestOlder,
    /// The cursor is set to an earlier position of the source.
    CursorBack,
    /// The cursor is set to a later position of the source.
    CursorForward,
    /// The cursor is removed.
    CursorGone,
    /// A table is removed.
    TableDropped,
    /// All rows of a table are removed.
    TableEmptied,
    /// A file with rows is removed.
    FileGone,
    /// A file with rows is truncated at a random length.
    FileCut,
}

use Tampering::{
    CursorBack, CursorForward, CursorGone, FileCut, FileGone, ManifestGone, ManifestOlder,
    TableDropped, TableEmptied,
};

impl Tampering {
    /// Returns the kinds of tampering that apply to a store.
    pub(super) fn of(scheme: &str) -> &'static [Self] {
        match scheme {
            "parquet" | "csv" | "s3" => &[
                ManifestGone,
                ManifestOlder,
                FileGone,
                CursorBack,
                FileCut,
                CursorForward,
                TableDropped,
                CursorGone,
            ],
            // The emulator of BigQuery does not count the rows of a table that was emptied and
            // filled again.
            "bigquery" => &[CursorBack, TableDropped, CursorForward, CursorGone],
            _ => &[CursorBack, TableDropped, CursorForward, TableEmptied, CursorGone],
        }
    }
}

/// The outcome of a tampering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The tampering did not apply yet, or there was nothing left to load.
    Nothing,
    /// It did no harm: the next load succeeded.
    Harmless,
    /// It was reported, and the advice in the error kept all rows.
    Mended,
    /// It was reported, and by the advice in the error the source is loaded anew.
    Anew,
}

/// A folder of files, on a disk or in a bucket.
enum Folder<'s> {
    Disk(&'s Store),
    #[cfg(feature = "object-store")]
    Bucket(object_store::aws::AmazonS3, object_store::path::Path),
}

impl<'s> Folder<'s> {
    fn of(store: &'s Store) -> Option<Self> {
        match store.url.split_once(':')?.0 {
            "parquet" | "csv" => Some(Self::Disk(store)),
            #[cfg(feature = "object-store")]
            "s3" => {
                let (bucket, folder) = crate::support::bucket(&store.url);
                Some(Self::Bucket(bucket, folder))
            }
            _ => None,
        }
    }

    async fn read(&self, path: &str) -> Option<Vec<u8>> {
        match self {
            Self::Disk(store) => fs::read(store.path.join(path)).ok(),
            #[cfg(feature = "object-store")]
            Self::Bucket(bucket, folder) => {
                use object_store::ObjectStoreExt;
                let found = bucket.get(&within(folder, path)).await.ok()?;
                Some(found.bytes().await.unwrap().into())
            }
        }
    }

    async fn write(&self, path: &str, content: Vec<u8>) {
        match self {
            Self::Disk(store) => fs::write(store.path.join(path), content).unwrap(),
            #[cfg(feature = "object-store")]
            Self::Bucket(bucket, folder) => {
                use object_store::ObjectStoreExt;
                bucket.put(&within(folder, path), content.into()).await.unwrap();
            }
        }
    }

    async fn remove(&self, path: &str) {
        match self {
            Self::Disk(store) => fs::remove_file(store.path.join(path)).unwrap(),
            #[cfg(feature = "object-store")]
            Self::Bucket(bucket, folder) => {
                use object_store::ObjectStoreExt;
                bucket.delete(&within(folder, path)).await.unwrap();
            }
        }
    }

    /// Returns the files with rows, and their lengths in bytes.
    async fn data(&self) -> Vec<(String, u64)> {
        let mut found: Vec<(String, u64)> = match self {
            Self::Disk(store) => files(&store.path)
                .into_iter()
                .map(|(path, content)| {
                    let path: PathBuf = path.strip_prefix(&store.path).unwrap().into();
                    (path.to_str().unwrap().to_owned(), content.len() as u64)
                })
                .collect(),
            #[cfg(feature = "object-store")]
            Self::Bucket(bucket, folder) => {
                use futures_util::TryStreamExt;
                use object_store::ObjectStore;
                let found: Vec<_> = bucket.list(Some(folder)).try_collect().await.unwrap();
                let path = |path: &object_store::path::Path| {
                    let path = path.as_ref().strip_prefix(folder.as_ref()).unwrap();
                    path.trim_start_matches('/').to_owned()
                };
                found.iter().map(|object| (path(&object.location), object.size)).collect()
            }
        };
        found.retain(|(path, _)| !path.starts_with("_tidegauge/"));
        found.sort();
        found
    }
}

#[cfg(feature = "object-store")]
fn within(folder: &object_store::path::Path, path: &str) -> object_store::path::Path {
    path.split('/').fold(folder.clone(), object_store::path::Path::join)
}

/// Returns the manifest of `store`; `None` if the store is not a folder, or has none.
pub(super) async fn manifest(store: &Store) -> Option<Vec<u8>> {
    Folder::of(store)?.read(MANIFEST).await
}

/// Tampers with `store`, which holds pages of `feed`, by `what`; then loads as the next run does,
/// and follows the advice in the error. `older` is the manifest of an earlier commit.
pub(super) async fn tamper(
    what: Tampering,
    feed: Feed,
    store: &Store,
    older: Option<Vec<u8>>,
    below: &mut impl FnMut(u64) -> u64,
) -> End {
    let mut tries = 0;
    let at = loop {
        match feed.reached(&*store.sink()).await {
            Ok(at) => break at,
            // A server that was restarted may still be in its recovery.
            Err(error) => assert!(tries < 100, "{what:?}: it was broken before: {error}"),
        }
        tries += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    if at == 0 || at == PAGES {
        return End::Nothing;
    }
    let newest = manifest(store).await;
    let is_done = match Folder::of(store) {
        Some(folder) => to_folder(what, feed, &folder, older, below).await,
        None => to_database(what, feed, at, store).await,
    };
    if !is_done {
        return End::Nothing;
    }
    let before = held(feed, store).await;
    let mut tries = 0;
    let error = loop {
        match feed.go_on(&*store.sink()).await {
            Ok(_) => return End::Harmless,
            Err(error) if is_told(&error) => break error,
            // A server may still be processing a request of a killed loader, or be in its recovery.
            Err(error) => assert!(tries < 100, "{what:?}: {error}"),
        }
        tries += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    // Nothing records that a removed cursor existed, but the keys of the rows conflict.
    assert!(what == CursorGone || error.kind() == ErrorKind::Corrupt, "{what:?}: {error}");
    if what != CursorGone {
        // A run calls `check` before it prepares anything.
        let checked = match store.sink().check(&feed.source(), &feed.tables()).await {
            Ok(()) => store.sink().prepare(&feed.tables()).await,
            told => told,
        };
        assert_eq!(checked.unwrap_err().kind(), ErrorKind::Corrupt, "{what:?}");
    }
    assert!(held(feed, store).await == before, "{what:?}: something was written or removed");
    let said = error.to_string();
    match store.url.split_once(':').unwrap().0 {
        "csv" if matches!(what, FileGone | FileCut | TableDropped) => {
            assert!(said.contains("load into a new place"), "{what:?}: {said}");
            fs::rename(&store.path, store.path.with_extension(below(1 << 30).to_string())).unwrap();
            End::Anew
        }
        "csv" => {
            assert!(said.contains("put the newest manifest back"), "{what:?}: {said}");
            Folder::of(store).unwrap().write(MANIFEST, newest.unwrap()).await;
            End::Mended
        }
        "parquet" | "s3" => {
            assert!(said.contains("`tidegauge repair`"), "{what:?}: {said}");
            let repaired = tidegauge_storage::repair(&store.url, &[]).await.unwrap();
            assert!(!repaired.faults.is_empty(), "{what:?}: {repaired:?}");
            if matches!(what, FileGone | FileCut | TableDropped) {
                reset(feed, store).await;
                return End::Anew;
            }
            let mended = feed.reached(&*store.sink()).await.unwrap();
            assert!(
                mended >= at,
                "{what:?}: {at} pages, and {mended} after the repair: {repaired:?}"
            );
            End::Mended
        }
        _ => {
            assert!(said.contains("`tidegauge reset"), "{what:?}: {said}");
            reset(feed, store).await;
            End::Anew
        }
    }
}

fn is_told(error: &tidegauge_core::Error) -> bool {
    [ErrorKind::Corrupt, ErrorKind::InvalidInput].contains(&error.kind())
}

/// Removes everything that the feed has loaded, as `tidegauge reset` does.
async fn reset(feed: Feed, store: &Store) {
    let (sink, source) = (store.sink(), feed.source());
    let at = sink.cursor(&source).await.unwrap();
    let removals: Vec<_> = feed.tables().iter().map(Removal::all).collect();
    let cursors: [(&str, Option<&Cursor>); 1] = [(&source, at.as_ref())];
    sink.reset(Reset { cursors: &cursors, removals: &removals, dry_run: false }).await.unwrap();
}

/// Returns what must not change while a tampering is reported: the files, or the rows.
async fn held(feed: Feed, store: &Store) -> (Vec<(String, u64)>, Vec<Vec<i128>>) {
    match Folder::of(store) {
        Some(folder) => (folder.data().await, Vec::new()),
        None => {
            let mut rows = Vec::new();
            for table in feed.tables() {
                rows.push(found(store, &table).await);
            }
            (Vec::new(), rows)
        }
    }
}

/// Tampers with a folder; returns `false` if `what` does not apply.
async fn to_folder(
    what: Tampering,
    feed: Feed,
    folder: &Folder<'_>,
    older: Option<Vec<u8>>,
    below: &mut impl FnMut(u64) -> u64,
) -> bool {
    let text = folder.read(MANIFEST).await.unwrap();
    let one_of = |data: &[(String, u64)], below: &mut dyn FnMut(u64) -> u64| {
        data[usize::try_from(below(data.len() as u64)).unwrap()].clone()
    };
    match what {
        ManifestGone => folder.remove(MANIFEST).await,
        ManifestOlder => match older.filter(|older| *older != text) {
            Some(older) => folder.write(MANIFEST, older).await,
            None => return false,
        },
        CursorBack | CursorForward | CursorGone => {
            let mut manifest: serde_json::Value = serde_json::from_slice(&text).unwrap();
            let cursors = manifest["cursors"].as_object_mut().unwrap();
            let at: i64 = cursors[&feed.source()].as_str().unwrap().parse().unwrap();
            match what {
                CursorBack => cursors.insert(feed.source(), (at - 1).to_string().into()),
                CursorForward => cursors.insert(feed.source(), (at + 1).to_string().into()),
                _ => cursors.remove(&feed.source()),
            };
            folder.write(MANIFEST, manifest.to_string().into_bytes()).await;
        }
        TableDropped | TableEmptied => {
            let table = feed.tables()[0].name.to_string();
            let data = folder.data().await;
            let is_of = |path: &str| path.split(['/', '.']).next() == Some(&table);
            for (path, _) in data.iter().filter(|(path, _)| is_of(path)) {
                folder.remove(path).await;
            }
        }
        FileGone => folder.remove(&one_of(&folder.data().await, below).0).await,
        FileCut => {
            let (path, size) = one_of(&folder.data().await, below);
            let mut content = folder.read(&path).await.unwrap();
            content.truncate(usize::try_from(below(size)).unwrap());
            folder.write(&path, content).await;
        }
    }
    true
}

async fn to_database(what: Tampering, feed: Feed, at: i64, store: &Store) -> bool {
    let (source, table) = (feed.source(), feed.tables()[0].name.to_string());
    let of_feed = format!("WHERE \"source\" = '{source}'");
    let set = |at: i64| format!("UPDATE \"_tidegauge_cursors\" SET \"cursor\" = '{at}' {of_feed}");
    let sql = match what {
        CursorBack if at == 1 => return false, // there is no cursor before the first one
        CursorBack => set(at - 1),
        CursorForward => set(at + 1),
        CursorGone => format!("DELETE FROM \"_tidegauge_cursors\" {of_feed}"),
        TableDropped => format!("DROP TABLE \"{table}\""),
        TableEmptied => format!("DELETE FROM \"{table}\" WHERE 1 = 1"),
        ManifestGone | ManifestOlder | FileGone | FileCut => return false,
    };
    by_hand::run(store, &sql).await
}
