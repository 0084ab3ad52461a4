//! The credentials of requests.

use google_cloud_auth::credentials::{
    AccessTokenCredentials, Builder as DefaultCredentials, service_account,
};
use serde_json::Value;

use super::api_error::ApiError;
use super::dataset::DatasetRef;

/// The OAuth scope of the access tokens.
const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";

/// Returns the credentials: the service account's key if the URL names one, else the
/// application-default credentials of this machine:
/// <https://cloud.google.com/docs/authentication/application-default-credentials>.
pub(super) fn create_credentials(dataset: &DatasetRef) -> Result<AccessTokenCredentials, ApiError> {
    let Some(file) = &dataset.credentials else {
        let built =
            DefaultCredentials::default().with_scopes([SCOPE]).build_access_token_credentials();
        return built.map_err(|error| {
            // The library repeats what it cannot parse, which may be part of a key.
            let repeats = error.is_parsing() || error.is_unknown_type();
            let unusable = "the file of the application-default credentials holds none of Google's";
            let reason = if repeats { unusable.to_owned() } else { error.to_string() };
            ApiError::Credentials(reason)
        });
    };
    // The content of the file is not repeated in messages.
    let unusable = |why: &str| ApiError::Credentials(format!("`{}` {why}", file.display()));
    let text = std::fs::read(file).map_err(|error| unusable(&error.to_string()))?;
    let key: Value = serde_json::from_slice(&text).map_err(|_| unusable("is no JSON"))?;
    if key.get("type").and_then(Value::as_str) != Some("service_account") {
        return Err(unusable("is no key of a service account"));
    }
    let scopes = service_account::AccessSpecifier::from_scopes([SCOPE]);
    let builder = service_account::Builder::new(key).with_access_specifier(scopes);
    builder.build_access_token_credentials().map_err(|_| unusable("lacks a part of a key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that the key is used without a token request: it signs a token itself, which the
    /// service verifies.
    #[tokio::test]
    async fn the_key_of_a_service_account_is_used() {
        use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
        use aws_lc_rs::rsa::{KeyPair, KeySize};
        use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
        use base64::engine::{Engine, general_purpose::STANDARD, general_purpose::URL_SAFE_NO_PAD};

        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let (begin, end) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        let key = serde_json::json!({
            "type": "service_account",
            "project_id": "shop",
            "private_key_id": "1",
            "private_key": format!("{begin}\n{}\n{end}\n", STANDARD.encode(&*der)),
            "client_email": "loader@shop.iam.gserviceaccount.com",
            "token_uri": "https://oauth2.googleapis.com/token",
        });
        std::fs::write(&file, key.to_string()).unwrap();
        let url = format!("bigquery://shop/d?credentials={}", file.display());
        let dataset = DatasetRef::parse(&url).unwrap();
        if dataset.is_emulator() {
            return; // with BIGQUERY_EMULATOR_HOST set, no credentials are needed
        }
        let token = create_credentials(&dataset).unwrap().access_token().await.unwrap().token;
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        public.verify(signed.as_bytes(), &signature).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["iss"], "loader@shop.iam.gserviceaccount.com");
        assert_eq!(claims["scope"], SCOPE);
    }

    #[test]
    fn the_error_of_an_invalid_key_file_does_not_repeat_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        let url = format!("bigquery://shop/d?credentials={}", file.display());
        let said = || {
            create_credentials(&DatasetRef::parse(&url).unwrap())
                .err()
                .map(|error| format!("{error:?}"))
        };
        assert!(said().unwrap().contains("key.json"), "there is none");
        for (text, says) in [
            ("secret", "is no JSON"),
            ("{\"type\": \"authorized_user\", \"secret\": 1}", "no key of a service account"),
        ] {
            std::fs::write(&file, text).unwrap();
            let said = said().unwrap();
            assert!(said.contains(says) && !said.contains("secret"), "{said}");
        }
    }
}
