//! TLS errors in words that name whose certificate is at fault and what to do.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

use super::Refusal;
use super::certificate::clean;

/// The TLS error inside an I/O error.
pub(crate) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// This node's verdict on the peer's certificate, if the error is one.
pub(crate) fn verdict(error: &Error) -> Option<String> {
    let text = match error {
        Error::NoCertificatesPresented => "it sent no certificate: not a node of this network?".into(),
        Error::InvalidCertificate(error) => certificate(error),
        Error::InvalidCertRevocationList(error) => format!("its revocation list cannot be used: {error:?}"),
        _ => return None,
    };
    Some(text)
}

fn certificate(error: &CertificateError) -> String {
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => {
            "its certificate has expired; it needs a new one (`mkca renew`), or this machine's clock is wrong".into()
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "its certificate is not valid yet; one of the two machines' clocks is wrong".into()
        }
        E::Revoked => "its certificate has been revoked by the CA".into(),
        E::UnknownIssuer => "its certificate comes from a CA that this node does not trust; compare the ca files".into(),
        E::BadSignature => {
            "its certificate bears the name of this network's CA, but not its signature; compare the ca files".into()
        }
        E::UnknownRevocationStatus => {
            "there is no revocation list for the CA that issued its certificate; add that CA's list to identity.crl".into()
        }
        E::NotValidForNameContext { expected, presented } => {
            let names: Vec<_> = presented.iter().take(4).map(|name| clean(bare(name))).collect();
            let names = if names.is_empty() { "nobody".into() } else { names.join(", ") };
            format!("expected {}, but its certificate is for {names}", expected.to_str())
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "its certificate's extended key usage does not allow this end of TLS; it needs server and client \
             authentication"
                .into()
        }
        E::Other(error) if let Some(refusal) = error.0.downcast_ref::<Refusal>() => refusal.to_string(),
        other => format!("its certificate is not acceptable: {}", clean(&other.to_string())),
    }
}

/// `bob` of `DnsName("bob")`.
fn bare(name: &str) -> &str {
    name.split_once("(\"").and_then(|(_, rest)| rest.strip_suffix("\")")).unwrap_or(name)
}

/// The peer's verdict on this node's certificate, if the error is an alert that says so.
pub(crate) fn refused(error: &Error) -> Option<String> {
    use AlertDescription as A;
    let Error::AlertReceived(alert) = error else { return None };
    let cause = match alert {
        A::CertificateExpired => "it has expired or is not valid yet, or the peer's clock is wrong",
        A::CertificateRevoked => "it has been revoked; ask the CA",
        A::UnknownCA => {
            "the peer does not trust its CA, or the peer's revocation list is missing or overdue; compare the ca files"
        }
        A::DecryptError => "the peer trusts a CA of the same name with another key; compare the ca files",
        A::BadCertificate => "it is not for the id that the peer expects, or the peer cannot read it",
        A::CertificateRequired => "none was sent",
        A::UnsupportedCertificate => "its key usage does not fit",
        A::CertificateUnknown => "the peer does not say why",
        A::AccessDenied => "the peer does not let this node in",
        _ => return None,
    };
    Some(format!("the peer refused this node's certificate ({alert:?}): {cause}"))
}
