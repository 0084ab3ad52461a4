//! Tests of TLS: only servers with a certificate that the system trusts are accepted.
#![cfg(all(feature = "coingecko", feature = "twelvedata-stream"))]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{context, everything_said, hurried};
use tidegauge_acquisition::__internal::http::{QueryKey, Service, Sockets};
use tidegauge_acquisition::Error;
use tidegauge_acquisition::coingecko::{Client, Plan};
use tidegauge_acquisition::http::BaseUrl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const CANARY: &str = "CG-canary-7f3a";

/// Starts a server with a self-signed certificate. Returns its port, and the numbers of its
/// connections and requests.
async fn self_signed() -> (u16, Arc<[AtomicUsize; 2]>) {
    let certificate = include_bytes!("../tls/self_signed.pem");
    let key = include_bytes!("../tls/self_signed.key.pem");
    let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate).unwrap()],
            PrivateKeyDer::from_pem_slice(key).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let seen = counts.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            seen[0].fetch_add(1, Ordering::SeqCst);
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            if matches!(stream.read(&mut request).await, Ok(read) if read > 0) {
                seen[1].fetch_add(1, Ordering::SeqCst);
                let body = r#"{"gecko_says":"(V3) To the Moon!"}"#;
                let length = body.len();
                let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
                let _ = stream.write_all(reply.as_bytes()).await;
            }
        }
    });
    (port, counts)
}

#[tokio::test]
async fn a_self_signed_certificate_is_rejected_before_the_key_is_sent() {
    let (port, counts) = self_signed().await;
    for host in ["localhost", "127.0.0.1"] {
        let before = counts[0].load(Ordering::SeqCst);
        let http = hurried(&format!("https://{host}:{port}"));
        let key = CANARY.into();
        let context = context("2026-05-18T12:00:00Z");
        let error = Client::new(Plan::Demo, Some(&key), &http, &context)
            .unwrap()
            .ping()
            .await
            .expect_err("nobody vouches for it");
        assert!(matches!(error, Error::Certificate { .. }), "{host}: {error:?}");
        let message = error.to_string();
        assert!(message.contains("certificate that this machine does not trust"), "{message}");
        assert!(message.contains(&format!("{host}:{port}/ping")), "{message}");
        assert!(!everything_said(&error).contains(CANARY));
        assert!(!error.is_temporary());
        // One attempt is enough: the certificate would be the same the next time.
        assert_eq!(counts[0].load(Ordering::SeqCst), before + 1, "{host}");
    }
    assert_eq!(counts[1].load(Ordering::SeqCst), 0, "no request came through");
}

#[tokio::test]
async fn websockets_check_certificates_as_well() {
    let (port, counts) = self_signed().await;
    let http = hurried(&format!("https://localhost:{port}"));
    let service = Service::new("ws", "https://ws.example", |_| None);
    let key = QueryKey { parameter: "apikey", value: CANARY.into() };
    let context = context("2026-05-18T12:00:00Z");
    let sockets = Sockets::new(service, &http, Some(key), &context).unwrap();
    let error = sockets.open(&["quotes"]).await.expect_err("nobody vouches for it");
    assert!(matches!(error, Error::Certificate { .. }), "{error:?}");
    assert!(!everything_said(&error).contains(CANARY));
    assert_eq!([0, 1].map(|at: usize| counts[at].load(Ordering::SeqCst)), [1, 0]);
}

#[test]
fn nothing_is_sent_unencrypted_to_another_machine() {
    for url in ["http://www.ecb.europa.eu", "http://10.0.0.1:8080", "http://localhost.example"] {
        let error = url.parse::<BaseUrl>().unwrap_err();
        assert!(matches!(error, Error::Config { setting: "base_url", .. }), "{url}: {error:?}");
        assert!(error.to_string().contains("https"), "{error}");
    }
}
