//! Circles of modules within a crate: modules of which each needs another one, and the last the first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::files::{display_error, rust_files};

/// The path of a module below its crate: `["http", "retry"]`; empty for the crate's root.
type Module = Vec<String>;

/// Returns the circles among the modules below `src`, each with the paths of its modules. Tests within a module and
/// programs below `bin` are left out; none are found where there is no such folder.
///
/// # Errors
/// Returns an error if a source cannot be read.
pub(super) fn circles(src: &Path) -> Result<Vec<Vec<String>>, String> {
    if !src.is_dir() {
        return Ok(Vec::new());
    }
    let mut texts = BTreeMap::new();
    for file in rust_files(src)? {
        let Some(module) = module(src, &file) else { continue };
        let text = fs::read_to_string(&file).map_err(|error| display_error(&file, &error))?;
        texts.insert(module, without_comments(&text));
    }
    let modules: BTreeSet<Module> = texts.keys().cloned().collect();
    let needs: BTreeMap<&Module, BTreeSet<Module>> =
        texts.iter().map(|(module, text)| (module, needs(module, text, &modules))).collect();
    Ok(components(&needs))
}

/// Returns the module that a file holds; `None` for programs below `bin`.
fn module(src: &Path, file: &Path) -> Option<Module> {
    let path = file.strip_prefix(src).ok()?.with_extension("");
    let mut parts: Module = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.first().is_some_and(|first| first == "bin") {
        return None;
    }
    let is_root = matches!(parts.as_slice(), [only] if only == "lib" || only == "main");
    if is_root || parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    Some(parts)
}

/// Returns the code before the tests, without comments and the insides of strings on one line.
fn without_comments(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let line = |line: &str| {
        let quoted = line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
        quoted.split("//").next().unwrap_or_default().to_owned()
    };
    code.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Returns the modules that `module` names in its paths. What it only passes on (`pub use`) it does not need.
fn needs(module: &Module, text: &str, modules: &BTreeSet<Module>) -> BTreeSet<Module> {
    let mut paths = Vec::new();
    let mut body = String::new();
    let mut rest = text;
    while let Some(at) = find_use(rest) {
        let (before, after) = rest.split_at(at);
        let (statement, behind) = after.split_once(';').unwrap_or((after, ""));
        body += before;
        let passes_on = before.trim_end().ends_with("pub") || before.trim_end().ends_with(')');
        if !passes_on {
            expand(statement.trim_start_matches("use").trim(), "", &mut paths);
        }
        rest = behind;
    }
    body += rest;
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    paths.extend(body.split(|c| !is_part(c)).filter(|word| word.contains("::")).map(str::to_owned));
    let found = paths.iter().filter_map(|path| resolve(module, path, modules));
    found.filter(|needed| needed != module).collect()
}

/// Returns where the next `use` statement begins.
fn find_use(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find("use ")?;
        let before = text.get(..at)?.chars().next_back();
        if before.is_none_or(char::is_whitespace) {
            return Some(at);
        }
        from = at + 4;
    }
}

/// Takes a tree of paths, as in `a::{b, c::d}`, apart.
fn expand(tree: &str, before: &str, paths: &mut Vec<String>) {
    let Some((head, body)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        paths.push(format!("{before}{}", path.trim()));
        return;
    };
    let before = format!("{before}{}", head.trim());
    let (mut depth, mut branch) = (0, String::new());
    for c in body.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(std::mem::take(&mut branch).trim(), &before, paths);
                continue;
            }
            _ => {}
        }
        branch.push(c);
    }
    if !branch.trim().is_empty() {
        expand(branch.trim(), &before, paths);
    }
}

/// Returns the module that `path` leads to, as seen from `module`; `None` if that is in another crate.
fn resolve(module: &Module, path: &str, modules: &BTreeSet<Module>) -> Option<Module> {
    let mut parts = path.split("::").map(str::trim).filter(|part| !part.is_empty()).peekable();
    let mut at = match *parts.peek()? {
        "crate" => {
            parts.next();
            Module::new()
        }
        "self" => {
            parts.next();
            module.clone()
        }
        "super" => {
            let mut at = module.clone();
            while parts.next_if(|part| *part == "super").is_some() {
                at.pop();
            }
            at
        }
        first => {
            let mut child = module.clone();
            child.push(first.to_owned());
            if !modules.contains(&child) {
                return None;
            }
            module.clone()
        }
    };
    for part in parts {
        at.push(part.to_owned());
        if !modules.contains(&at) {
            at.pop();
            break;
        }
    }
    modules.contains(&at).then_some(at)
}

/// Returns the groups of modules that all lead to each other.
fn components(needs: &BTreeMap<&Module, BTreeSet<Module>>) -> Vec<Vec<String>> {
    let reachable = |from: &Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = open.pop() {
            for next in needs.get(&module).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        needs.keys().map(|module| (*module, reachable(module))).collect();
    let (mut circles, mut known) = (Vec::new(), BTreeSet::new());
    for (module, others) in &reached {
        if known.contains(*module) || !others.contains(*module) {
            continue;
        }
        let leads_back =
            |other: &&Module| reached.get(*other).is_some_and(|reached| reached.contains(*module));
        let circle: Vec<&Module> = others.iter().filter(leads_back).collect();
        known.extend(circle.iter().map(|module| (*module).clone()));
        circles.push(circle.into_iter().map(name).collect());
    }
    circles
}

fn name(module: &Module) -> String {
    if module.is_empty() { "the root".into() } else { module.join("::") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let module = |name: &str| -> Module {
            name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let modules: BTreeSet<Module> = files.iter().map(|(name, _)| module(name)).collect();
        let keys: Vec<Module> = files.iter().map(|(name, _)| module(name)).collect();
        let needs = keys.iter().zip(files);
        let needs = needs.map(|(key, (_, text))| (key, needs_of(key, text, &modules))).collect();
        components(&needs)
    }

    fn needs_of(module: &Module, text: &str, modules: &BTreeSet<Module>) -> BTreeSet<Module> {
        needs(module, &without_comments(text), modules)
    }

    #[test]
    fn modules_that_need_each_other_are_a_circle() {
        let one = ("one", "use crate::two::{Two, three::Three};\nfn a() {}");
        assert_eq!(found(&[("", ""), one, ("two", "pub(crate) use super::one::One;")]).len(), 0);
        assert_eq!(found(&[("", ""), one, ("two", "// use super::one;\nfn b() {}")]).len(), 0);
        let circle = found(&[("", ""), one, ("two", "fn b() { crate::one::a() }")]);
        assert_eq!(circle, [["one", "two"]]);
        let parent = ("a", "mod b;\nfn c() { b::d() }");
        assert_eq!(found(&[("", ""), parent, ("a::b", "use super::c;")]).len(), 1);
        assert_eq!(
            found(&[
                ("", ""),
                parent,
                ("a::b", "#[cfg(test)]\nmod tests {\n use super::super::c; }")
            ])
            .len(),
            0
        );
    }
}
