//! X's refusals: problem objects, in the formats in use.

use crate::decode::json;
use crate::decode::json_object::Object;
use crate::http::RefusalKind;
use crate::http::classify::Refusal;

/// Returns X's refusal in a reply, if there is one. A reply with rows is not a refusal, whatever else it
/// contains.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let fields = object(body)?;
    let there = |name| !matches!(fields.find(name), None | Some("null"));
    if there("data") || there("meta") {
        return None;
    }
    let nested = fields.find("errors").map(objects).unwrap_or_default();
    let all = || std::iter::once(&fields).chain(&nested);
    let code = all().find_map(code);
    let details: Vec<_> = nested.iter().filter_map(message_of).collect();
    let message = match (text(&fields, "title"), details.is_empty()) {
        // The details of the parameters say more than the title.
        (Some(title), false) => format!("{title}: {}", details.join("; ")),
        (None, false) => details.join("; "),
        (_, true) => message_of(&fields)?,
    };
    let (kind, advice) =
        classify(code.as_deref(), all().find_map(|problem| text(problem, "title")), all());
    Some(Refusal { code, message, kind, advice })
}

/// Returns the message of each problem of a list.
pub(super) fn messages_in(list: &str) -> Vec<String> {
    objects(list).iter().filter_map(message_of).collect()
}

fn object(text: &[u8]) -> Option<Object<'_>> {
    Object::parse("error", text).ok()
}

fn objects(list: &str) -> Vec<Object<'_>> {
    let list = json::elements("error", list.as_bytes()).unwrap_or_default();
    list.into_iter().filter_map(|problem| object(problem.as_bytes())).collect()
}

fn text(fields: &Object<'_>, name: &str) -> Option<String> {
    fields.text(name).ok()
}

/// Returns the last part of the problem's type, which is a URL, or the number of older problems.
fn code(fields: &Object<'_>) -> Option<String> {
    let kind = text(fields, "type").filter(|kind| kind != "about:blank");
    let kind = kind.as_deref().and_then(|kind| kind.rsplit('/').next()).map(str::to_owned);
    let number = || Some(fields.integer::<u32>("code").ok()?.to_string());
    kind.filter(|kind| !kind.is_empty()).or_else(number)
}

fn message_of(fields: &Object<'_>) -> Option<String> {
    let detail = text(fields, "detail").or_else(|| text(fields, "message"));
    let message_of = match (text(fields, "title"), detail) {
        (Some(title), Some(detail)) if title != detail => Some(format!("{title}: {detail}")),
        (title, detail) => detail.or(title),
    };
    let parameters = fields.object("parameters").ok().map(Object::sorted);
    let names = parameters.into_iter().flat_map(Object::entries).map(|(name, _)| name);
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        message_of
    } else {
        Some(format!("{}: {}", names.join(", "), message_of?))
    }
}

fn classify<'a>(
    code: Option<&str>,
    title: Option<String>,
    mut all: impl Iterator<Item = &'a Object<'a>>,
) -> (RefusalKind, &'static str) {
    use RefusalKind::{Auth, Other, Spent, Throttled};
    let status = all.find_map(|fields| fields.integer("status").ok());
    match (code, title.as_deref(), status) {
        (Some("usage-capped"), ..) | (_, Some("UsageCapExceeded"), _) => (
            Spent,
            "the posts that the app may read are used up: wait for the next period, or raise the \
             cap in X's developer console",
        ),
        (Some("credits"), ..) | (_, Some("CreditsDepleted"), _) => {
            (Auth, "the account has no credits left: buy some in X's developer console")
        }
        (Some("client-forbidden"), ..) => (
            Auth,
            "attach the app to a project in X's developer console, then use its bearer token",
        ),
        (Some("unsupported-authentication"), ..) => {
            (Auth, "the key has to be the bearer token of an app")
        }
        (Some("89"), ..) | (_, Some("Unauthorized" | "Forbidden"), _) | (.., Some(401 | 403)) => {
            (Auth, "check that the key is the bearer token of an app")
        }
        (_, Some("Too Many Requests"), _) | (Some("88"), ..) | (.., Some(429u16)) => {
            (Throttled, "")
        }
        _ => (Other, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_format_is_classified() {
        use RefusalKind::{Auth, Other, Throttled};
        for (body, code, message, kind) in [
            (
                r#"{"code":89,"message":"Invalid or expired token."}"#,
                "89",
                "Invalid or expired token.",
                Auth,
            ),
            (
                r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#,
                "88",
                "Rate limit exceeded",
                Throttled,
            ),
            (
                r#"{"errors":[{"title":"Odd","detail":"Odd","type":"about:blank"}]}"#,
                "",
                "Odd",
                Other,
            ),
            (
                r#"{"account_id":1905378120345678901234,"title":"CreditsDepleted","detail":"Your enrolled account [1] does not have any credits to fulfill this request.","type":"https://api.twitter.com/2/problems/credits"}"#,
                "credits",
                "CreditsDepleted: Your enrolled account [1] does not have any credits to fulfill this request.",
                Auth,
            ),
        ] {
            let refusal = refusal(body.as_bytes()).unwrap();
            assert_eq!(refusal.code.unwrap_or_default(), code);
            assert_eq!((refusal.message.as_str(), refusal.kind), (message, kind));
        }
        for answer in ["{}", "[]", r#"{"meta":{}}"#, r#"{"data":[],"errors":[{"title":"x"}]}"#] {
            assert_eq!(refusal(answer.as_bytes()), None, "{answer}");
        }
    }
}
