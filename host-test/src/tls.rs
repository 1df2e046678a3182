//! A certificate authority for a test, and servers that it vouches for.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A certificate authority that nobody trusts who was not told to.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    /// A new one, its certificate in this file.
    ///
    /// # Panics
    ///
    /// Panics if the file cannot be written.
    pub fn new(file: &Path) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("there is no name in it");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("there is a random number");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("it is its own key");
        std::fs::write(file, issuer.pem()).expect("a file that can be written");
        Authority { issuer, file: file.to_owned() }
    }

    /// The file with its certificate, in PEM.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A server of that name, with or without HTTP/2, whose certificate holds until that year.
    ///
    /// # Panics
    ///
    /// Panics if that is no name.
    pub fn server(&self, name: &str, is_http2: bool, until: i32) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a host name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("there is a random number");
        let certificate = params.signed_by(&key, &self.issuer).expect("the issuer's own key");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("the key that was just made");
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], key);
        let mut config = config.expect("the certificate is of the key");
        config.alpn_protocols = if is_http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { Vec::new() };
        Arc::new(config)
    }
}
