//! Revocation lists that OpenSSL made. Plain and complete ones count; all others are refused.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::ca::Ca;
use crate::files::der;

const CONFIG: &str = "
[ca]
default_ca = d
[d]
database = index.txt
certificate = ca.crt
private_key = ca.key
default_md = default
default_crl_days = 30
[plain]
authorityKeyIdentifier = keyid
[critical]
issuingDistributionPoint = critical,@point
[quiet]
issuingDistributionPoint = @point
[point]
fullname = URI:http://ca/crl
[some]
issuingDistributionPoint = critical,@reasons
[reasons]
onlysomereasons = keyCompromise,CACompromise
[no_reasons]
2.5.29.28 = critical,DER:30:03:83:01:00
[cut_reasons]
2.5.29.28 = critical,DER:30:02:83:00
[delta]
2.5.29.27 = critical,DER:02:01:01
[quiet_delta]
2.5.29.27 = DER:02:01:01
[unknown]
1.2.3.4 = critical,DER:05:00
";

/// A list that openssl makes. The revoked serial is 5.
fn make(dir: &Path, section: Option<&str>, number: Option<&str>) -> Vec<u8> {
    let config = match number {
        Some(number) => {
            fs::write(dir.join("number"), format!("{number}\n")).unwrap();
            CONFIG.replace("[d]", "[d]\ncrlnumber = number")
        }
        None => CONFIG.to_owned(),
    };
    fs::write(dir.join("openssl.cnf"), config).unwrap();
    fs::write(dir.join("index.txt"), "R\t301231000000Z\t260101000000Z\t05\tunknown\t/CN=bob\n").unwrap();
    let mut command = Command::new("openssl");
    command.current_dir(dir).args(["ca", "-config", "openssl.cnf", "-gencrl", "-out", "list.pem"]);
    if let Some(section) = section {
        command.args(["-crlexts", section]);
    }
    let output = command.output().expect("openssl is installed");
    assert!(output.status.success(), "{section:?}: {}", String::from_utf8_lossy(&output.stderr));
    der(&fs::read_to_string(dir.join("list.pem")).unwrap())
}

#[test]
fn only_plain_and_complete_lists_of_openssl_count() {
    let ca = Ca::new("test CA");
    let (tls, _dir) = ca.node("alice");
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("ca.crt"), ca.issuer.pem()).unwrap();
    // openssl 3.0 reads only the first version of PKCS #8 (RFC 8410, section 10.3), which is without the public key.
    let mut key = data_encoding::HEXLOWER.decode(b"302e020100300506032b657004220420").unwrap();
    key.extend(&ca.issuer.key().serialize_der()[16..48]);
    fs::write(dir.path().join("key.der"), key).unwrap();
    let pkey = ["pkey", "-inform", "DER", "-in", "key.der", "-out", "ca.key"];
    assert!(Command::new("openssl").current_dir(dir.path()).args(pkey).status().unwrap().success());
    let before = tls.revocations();
    let long = "7F".repeat(40);
    let odd = [
        (None, None, "number"),
        (Some("plain"), None, "number"),
        (Some("critical"), Some("09"), "2.5.29.28"),
        (Some("quiet"), Some("09"), "2.5.29.28"),
        (Some("some"), Some("09"), "2.5.29.28"),
        (Some("no_reasons"), Some("09"), "2.5.29.28"),
        (Some("cut_reasons"), Some("09"), "2.5.29.28"),
        (Some("delta"), Some("09"), "2.5.29.27"),
        (Some("quiet_delta"), Some("09"), "2.5.29.27"),
        (Some("unknown"), Some("09"), "1.2.3.4"),
        (Some("plain"), Some(long.as_str()), ""),
    ];
    for (section, number, words) in odd {
        let (new, refused) = tls.take_in(&[make(dir.path(), section, number)]);
        let refused = refused.unwrap_or_else(|| panic!("{section:?} {number:?} was taken")).to_string();
        assert!(!new && refused.contains(words), "{section:?}: {refused}");
        assert_eq!(tls.revocations(), before);
    }
    let (new, refused) = tls.take_in(&[make(dir.path(), Some("plain"), Some("09"))]);
    assert!(new && refused.is_none(), "{refused:?}");
    let issuer = before.summaries()[0].issuer;
    assert!(tls.revocations().is_revoked(&issuer, &[5]));
}
