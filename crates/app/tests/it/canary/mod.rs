//! A canary in every place where a user can put a secret, with every kind of syntax error and the
//! log at its most verbose level: it must appear nowhere.

mod cases;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tidegauge_testkit::Postgres;

use crate::common::{CommandOutput, command_in, output_of};

/// The secret. Only letters and digits, so that no encoding of a URL changes it.
const CANARY: &str = "Xq7Canary9Bird4Zw";

/// The number of commands that run concurrently.
const AT_ONCE: usize = 4;

/// A place of the canary, and the commands that are run.
#[derive(Debug, Clone, Default)]
struct Case {
    what: String,
    files: Vec<(&'static str, Vec<u8>)>,
    env: Vec<(&'static str, String)>,
    commands: Vec<Vec<String>>,
    /// The exit code; `None`: any, since there may be other errors as well.
    code: Option<i32>,
    /// A text that the error must contain.
    expected: &'static str,
}

impl Case {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    fn file(mut self, name: &'static str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name, content.into()));
        self
    }

    fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    fn run(mut self, command: &[&str]) -> Self {
        self.commands.push(command.iter().map(|word| (*word).to_owned()).collect());
        self
    }

    /// Expects the refusal of a setting: a one-line error with exit code 2, the same for each
    /// command.
    fn refused(mut self, expected: &'static str) -> Self {
        (self.code, self.expected) = (Some(2), expected);
        self
    }

    /// Runs the given commands, or else those that read settings, and searches the output for the
    /// canary.
    fn check(&self) {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in &self.files {
            fs::write(dir.path().join(name), content).unwrap();
        }
        let all = ["status", "run", "check", "sources", "report", "verify"];
        let all: Vec<_> = all.iter().map(|command| vec![(*command).to_owned()]).collect();
        for command in if self.commands.is_empty() { &all } else { &self.commands } {
            let output = output_of(&mut self.command(dir.path(), command));
            let shown = format!("{}: {command:?}: {output:?}", self.what);
            assert!(!is_seen(&format!("{}\n{}", output.out, output.err)), "{shown}");
            if let Some(code) = self.code {
                self.is_one_line(&output, code, &shown);
            }
            let json = output_of(self.command(dir.path(), command).arg("--output=json"));
            let shown = format!("{}: {command:?} as JSON: {json:?}", self.what);
            assert!(!is_seen(&format!("{}\n{}", json.out, json.err)), "{shown}");
        }
        let own = |path: &Path| self.files.iter().any(|(name, _)| path.ends_with(name));
        for path in files(dir.path()).into_iter().filter(|path| !own(path)) {
            let content = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!is_seen(&content), "{}: {}", self.what, path.display());
            assert!(!is_seen(&path.display().to_string()), "{}: {}", self.what, path.display());
        }
    }

    fn is_one_line(&self, output: &CommandOutput, code: i32, shown: &str) {
        assert_eq!(output.code, Some(code), "{shown}");
        let errors: Vec<_> = output.err.lines().collect();
        assert!(matches!(errors[..], [line] if line.starts_with("error: ")), "{shown}");
        assert!(output.err.contains(self.expected), "should say {}: {shown}", self.expected);
    }

    fn command(&self, dir: &Path, words: &[String]) -> Command {
        let mut command = command_in(dir);
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1").args(words);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Returns `true` if the canary is in `text`, as it is, percent-encoded, in hexadecimal or in
/// base64.
fn is_seen(text: &str) -> bool {
    let hex = |pair: fn(u8) -> String| CANARY.bytes().map(pair).collect::<String>();
    let mut forms = vec![
        CANARY.to_owned(),
        hex(|byte| format!("%{byte:02x}")),
        hex(|byte| format!("{byte:02x}")),
        hex(|byte| format!("\\x{byte:02x}")),
    ];
    // Depending on the offset in the encoded text, its middle has one of three forms.
    forms.extend((0..3).map(|skip| base64(&CANARY.as_bytes()[skip..=skip + 11])));
    // Parts of it count as well.
    forms.extend(["Canary9".into(), "Bird4Zw".into()]);
    let text = text.to_ascii_lowercase();
    forms.iter().any(|form| text.contains(&form.to_ascii_lowercase()))
}

/// Returns whole groups of three bytes in base64.
fn base64(bytes: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = three.iter().fold(0usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(digits[bits >> shift & 63]))
    };
    bytes.chunks_exact(3).flat_map(group).collect()
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Checks all cases, several concurrently.
fn check(cases: &[Case]) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    case.check();
                }
            });
        }
    });
}

#[test]
fn canary_scan_detects_a_planted_secret() {
    for text in ["a Xq7Canary9Bird4Zw b", "Basic dTpYcTdDYW5hcnk5QmlyZDRadw==", "%58%71%37Canary9"]
    {
        assert!(is_seen(text), "{text}");
    }
    assert!(!is_seen("Xq7 canary bird"));
}

#[test]
fn invalid_configuration_file_leaks_no_secret() {
    check(&cases::toml());
}

#[test]
fn invalid_setting_leaks_no_secret() {
    check(&cases::settings());
}

#[test]
fn invalid_env_file_or_variable_leaks_no_secret() {
    check(&cases::environment());
}

#[test]
fn invalid_store_url_leaks_no_secret() {
    check(&cases::stores());
}

#[test]
fn invalid_command_line_leaks_no_url() {
    check(&cases::command_line());
}

#[test]
fn unreachable_services_leak_no_secret() {
    check(&cases::closed());
}

#[test]
fn password_refused_by_postgres_is_not_leaked() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.url();
    let address = url.rsplit_once('@').unwrap().1;
    check(&cases::postgres(address));
}
