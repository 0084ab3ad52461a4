//! Schema inference of JSON lines, first part: the first rows.

use std::path::Path;

use serde_json::{Map, Value};

use super::sample::{FileHead, ROWS, Sample};
use crate::user_data::files::decode;
use crate::user_data::files::encoding::Encoding;
use crate::user_data::mapping::Field;
use crate::{Error, Result};

/// Returns the first rows. Fields of nested objects are named by their path, as in `user.id`.
pub(super) fn sample(path: &Path, head: &FileHead) -> Result<Sample> {
    let broken = |reason: String| Error::File { path: path.display().to_string(), reason };
    let (encoding, mark) =
        Encoding::of(&head.bytes, None).map_err(|error| broken(error.to_string()))?;
    let mut text = Vec::new();
    let decoded = std::io::Read::read_to_end(&mut encoding.decode(&head.bytes[mark..]), &mut text);
    decoded.map_err(|error| broken(error.to_string()))?;
    let text = String::from_utf8_lossy(&text);
    let mut lines: Vec<&str> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    if !head.is_whole {
        // The last line may be incomplete.
        lines.pop();
    }
    lines.truncate(ROWS);
    let mut names = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match serde_json::from_str::<Map<String, Value>>(line) {
            Ok(object) => collect("", &object, &mut names),
            Err(error) if at == 0 => {
                let reason = format!("its first line is not a JSON object ({error})");
                return Err(broken(reason));
            }
            Err(_) => {}
        }
    }
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    let fields = lines.iter().filter_map(|line| decode::ndjson(line.as_bytes(), &wanted).ok());
    let value = |field: &Field<'_>| match field {
        Field::Null | Field::Missing => None,
        field => Some(field.shown().into_owned()).filter(|text| !text.trim().is_empty()),
    };
    let rows = fields.map(|fields| fields.iter().map(value).collect()).collect();
    let found = vec!["JSON lines".to_owned()];
    Ok(Sample { names, rows, found, ..Sample::default() })
}

/// Adds the names of the fields of `object` to `names`, unless they are there already.
fn collect(outer: &str, object: &Map<String, Value>, names: &mut Vec<String>) {
    for (name, value) in object {
        let name = if outer.is_empty() { name.clone() } else { format!("{outer}.{name}") };
        match value {
            Value::Object(inner) if !inner.is_empty() => collect(&name, inner, names),
            _ if !names.contains(&name) => names.push(name),
            _ => {}
        }
    }
}
