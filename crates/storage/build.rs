//! Rebuilds the crate when a migration is added: `sqlx::migrate!` cannot see new files by itself.

#[allow(clippy::print_stdout)] // how a build script speaks to cargo
fn main() {
    println!("cargo:rerun-if-changed=../../migrations/sqlite");
}
