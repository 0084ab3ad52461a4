//! A fake of the part of Google Cloud Storage that a folder needs, with faults on demand. It speaks
//! the XML API of <https://cloud.google.com/storage/docs/xml-api/overview>.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers};

#[derive(Debug, Default)]
pub(crate) struct State {
    /// The content and the generation of each object, by its name.
    pub(crate) objects: BTreeMap<String, (Vec<u8>, u64)>,
    /// The number of bytes that were read.
    pub(crate) read: usize,
    /// Whether the next manifest is stored, but the answer to the request is lost.
    pub(crate) loses_an_answer: bool,
    /// Whether objects are replaced in spite of unmet conditions.
    pub(crate) ignores_conditions: bool,
    /// The prefix of names that must not be written.
    pub(crate) refuses: Option<&'static str>,
    last: u64,
}

/// A bucket called `bucket`.
#[derive(Clone, Default)]
pub(crate) struct Gcs(pub(crate) Arc<Mutex<State>>);

impl Gcs {
    /// Serves the bucket; returns the server and the URL of a folder in the bucket.
    pub(crate) async fn serve(&self) -> (MockServer, String) {
        let server = MockServer::start().await;
        Mock::given(matchers::any()).respond_with(self.clone()).mount(&server).await;
        let url = format!("gs://bucket/lake?endpoint={}&anonymous=true", server.uri());
        (server, url)
    }
}

impl Respond for Gcs {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().unwrap();
        let path = request.url.path().replace('+', "%2B");
        let name = path.trim_start_matches("/bucket").trim_start_matches('/');
        let decoded = url::form_urlencoded::parse(name.as_bytes()).next();
        let name = decoded.map(|(name, _)| name.into_owned()).unwrap_or_default();
        match request.method.as_str() {
            "PUT" => state.put(name, request),
            "DELETE" => match state.objects.remove(&name) {
                Some(_) => ResponseTemplate::new(204),
                None => ResponseTemplate::new(404),
            },
            _ if name.is_empty() => state.list(request),
            _ => state.get(&name, request),
        }
    }
}

impl State {
    fn put(&mut self, name: String, request: &Request) -> ResponseTemplate {
        if self.refuses.is_some_and(|start| name.starts_with(start)) {
            return ResponseTemplate::new(403);
        }
        let there = self.objects.get(&name).map_or(0, |(_, generation)| *generation);
        if let Some(wanted) = request.headers.get("x-goog-if-generation-match")
            && wanted.to_str().unwrap() != there.to_string()
            && !self.ignores_conditions
        {
            return ResponseTemplate::new(412);
        }
        // Generations are microseconds since 1970.
        self.last = self.last.max(1_700_000_000_000_000) + 1;
        let is_manifest = name.ends_with("manifest.json");
        self.objects.insert(name, (request.body.clone(), self.last));
        if is_manifest && std::mem::take(&mut self.loses_an_answer) {
            return ResponseTemplate::new(503);
        }
        of(self.last, ResponseTemplate::new(200))
    }

    fn get(&mut self, name: &str, request: &Request) -> ResponseTemplate {
        let Some((content, generation)) = self.objects.get(name) else {
            return ResponseTemplate::new(404);
        };
        let length = content.len();
        let range = request.headers.get("range").map(|range| range.to_str().unwrap());
        let (from, to) = match range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'))
        {
            Some(("", last)) => (length.saturating_sub(last.parse().unwrap()), length),
            Some((from, last)) => {
                (from.parse().unwrap(), last.parse().map_or(length, |last: usize| last + 1))
            }
            None => (0, length),
        };
        let answer = ResponseTemplate::new(if range.is_some() { 206 } else { 200 })
            .insert_header("Content-Range", format!("bytes {from}-{}/{length}", to - 1))
            .set_body_bytes(&content[from..to]);
        let answer = of(*generation, answer);
        self.read += to - from;
        answer
    }

    fn list(&self, request: &Request) -> ResponseTemplate {
        let prefix = request.url.query_pairs().find(|(name, _)| name == "prefix");
        let prefix = prefix.map(|(_, value)| value.into_owned()).unwrap_or_default();
        let mut text = "<ListBucketResult>".to_owned();
        for (name, (content, _)) in
            self.objects.iter().filter(|(name, _)| name.starts_with(&prefix))
        {
            let length = content.len();
            text += &format!(
                "<Contents><Key>{name}</Key><Size>{length}</Size>\
                 <LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
            );
        }
        ResponseTemplate::new(200).set_body_string(text + "</ListBucketResult>")
    }
}

fn of(generation: u64, answer: ResponseTemplate) -> ResponseTemplate {
    answer
        .insert_header("ETag", format!("\"{generation}\""))
        .insert_header("x-goog-generation", generation.to_string())
        .insert_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
}
