//! A contract's messages as people write and read them: JSON by its ABI file, or bytes in hex.

use std::path::{Path, PathBuf};

use bouya_core::crypto::Hash;
use bouya_core::limits::ABI_BYTES;
use clap::Args;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde_json::Value;

use crate::abi::{self, Abi, Type, Why};
use crate::http::views::ContractOutcome;
use crate::wallet::Wallets;

use super::super::client::{Answer, Client};
use super::super::document;
use super::super::error::Error;
use super::super::output::note;
use super::super::parse;

#[derive(Debug, Args)]
pub(crate) struct AbiOption {
    /// The contract's ABI file [default: the *.abi.json here that is of its code; to read, the node's too]
    #[arg(long, value_name = "FILE")]
    abi: Option<PathBuf>,
}

impl AbiOption {
    /// Whether a file is named.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.abi.is_some()
    }
}

/// How a contract's messages are read; by their bytes if nobody says.
pub(in crate::cli) struct Messages(Option<Abi>);

impl Messages {
    /// Of the contract with this code.
    pub(in crate::cli) fn of(option: &AbiOption, code: &Hash) -> Result<Self, Error> {
        let Some(path) = &option.abi else {
            return Ok(Self(abi::beside(Path::new("."), code).map(|(abi, _)| abi)));
        };
        let abi = read(path)?;
        if abi.code != *code {
            return Err(Error::Usage(format!(
                "{} is of other code than the contract has: of {}, not of {code}; give the file that was built with the contract",
                path.display(),
                abi.code
            )));
        }
        Ok(Self(Some(abi)))
    }

    /// Of this contract, to read what it says: where no file here is of its code, by the one that the node has. What is signed is never encoded
    /// by that one: the node could let people sign something else than they wrote.
    pub(in crate::cli) fn to_read(
        option: &AbiOption,
        (contract, code): (&str, &str),
        client: &Client,
    ) -> Result<Self, Error> {
        let code = code_of(code)?;
        let here = Self::of(option, &code)?;
        if here.0.is_some() {
            return Ok(here);
        }
        let abi = match client.get(&format!("/v1/contracts/{contract}/abi")) {
            Ok(answer) => Abi::parse(answer.text().as_bytes()).ok(),
            Err(Error::Refused { status: 404, .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Self(abi.filter(|abi| abi.code == code)))
    }

    /// The hex of an input, as it is given: JSON, or 0xHEX. Without one it is empty, or the null that the type may be.
    pub(in crate::cli) fn input(
        &self,
        given: Option<&str>,
        kind: impl Fn(&Abi) -> &Type,
        wallets: &Wallets,
    ) -> Result<String, Error> {
        if let Some(bytes) = given.filter(|text| text.starts_with("0x")) {
            return hex(bytes);
        }
        let abi = match (given, &self.0) {
            (_, Some(abi)) => abi,
            (None, None) => return Ok(String::new()),
            (Some(_), None) => {
                return Err(Error::Usage(
                    "the input is JSON, and no file *.abi.json here is of the contract's code; name its ABI file with --abi, or give the bytes as 0xHEX".into(),
                ));
            }
        };
        let text = given.unwrap_or("null");
        let value = serde_json::from_str(text).map_err(|error| {
            Error::Usage(format!(
                "the input is no JSON: {error}; a name is written '\"Name\"', with both kinds of quotes"
            ))
        })?;
        let named = |name: &str| parse::address(name, wallets).ok();
        let bytes = abi.encode(kind(abi), &value, &named).map_err(|error| {
            Error::Usage(match (given, &error.why) {
                (None, Why::Wanted { wanted, .. }) => format!("the input is missing: {wanted} is wanted"),
                (_, _) => format!("the input does not fit the ABI file: {error}"),
            })
        })?;
        Ok(HEXLOWER.encode(&bytes))
    }

    /// What hex stands for, as JSON where the type is known and fits.
    pub(in crate::cli) fn said(
        &self,
        hex: &str,
        kind: impl for<'a> FnOnce(&'a Abi) -> Option<&'a Type>,
    ) -> String {
        self.value(hex, kind).map_or_else(|| hex.to_owned(), |value| value.to_string())
    }

    /// An answer as JSON: unchanged, or with what its messages say if they can be read.
    pub(in crate::cli) fn valued(
        &self,
        answer: &Answer,
        add: impl FnOnce(&Self, &mut Value),
    ) -> Result<String, Error> {
        if self.0.is_none() {
            return Ok(answer.text().to_owned());
        }
        let mut value = answer.read()?;
        add(self, &mut value);
        Ok(value.to_string())
    }

    /// Adds to an outcome what its output and events say, where that is known.
    pub(in crate::cli) fn add_outcome(&self, outcome: &mut Value) {
        self.add(outcome, "output", |abi| Some(&abi.output));
        let events = outcome.get_mut("events").and_then(Value::as_array_mut);
        events.into_iter().flatten().for_each(|event| self.add_event(event));
    }

    /// Adds to an event what it says, where that is known.
    pub(in crate::cli) fn add_event(&self, event: &mut Value) {
        let topic = event.get("topic").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.add(event, "data", |abi| abi.events.get(&topic));
    }

    /// Adds to an object what its field of hex says, as `message`, where that is known.
    pub(in crate::cli) fn add(
        &self,
        object: &mut Value,
        field: &str,
        kind: impl for<'a> FnOnce(&'a Abi) -> Option<&'a Type>,
    ) {
        let hex = object.get(field).and_then(Value::as_str);
        let value = hex.and_then(|hex| self.value(hex, kind));
        if let (Some(value), Some(object)) = (value, object.as_object_mut()) {
            object.insert("message".to_owned(), value);
        }
    }

    /// What hex stands for, where the type is known and fits.
    pub(in crate::cli) fn value(
        &self,
        hex: &str,
        kind: impl for<'a> FnOnce(&'a Abi) -> Option<&'a Type>,
    ) -> Option<Value> {
        let abi = self.0.as_ref()?;
        abi.decode(kind(abi)?, &HEXLOWER.decode(hex.as_bytes()).ok()?).ok()
    }

    /// What a call gives back, readable.
    pub(in crate::cli) fn output(&self, hex: &str) -> String {
        self.said(hex, |abi| Some(&abi.output))
    }

    /// What a contract says under a topic, readable.
    pub(in crate::cli) fn event(&self, topic: &str, hex: &str) -> String {
        self.said(hex, |abi| abi.events.get(topic))
    }

    /// An outcome whose output and events can be read.
    pub(in crate::cli) fn outcome(&self, mut outcome: ContractOutcome) -> ContractOutcome {
        if !outcome.output.is_empty() {
            outcome.output = self.output(&outcome.output);
        }
        for event in &mut outcome.events {
            event.data = self.event(&event.topic, &event.data);
        }
        outcome
    }
}

/// The code that the node names.
pub(super) fn code_of(code: &str) -> Result<Hash, Error> {
    let wrong = |error| Error::Failed(format!("the node names no code of the contract: {error}"));
    code.parse().map_err(wrong)
}

fn read(path: &Path) -> Result<Abi, Error> {
    let file = document::read(path, ABI_BYTES)?;
    Abi::parse(&file).map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
}

/// The digits of 0xHEX.
pub(in crate::cli) fn hex(text: &str) -> Result<String, Error> {
    let bytes = text.strip_prefix("0x").and_then(|hex| HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok());
    let wrong = || Error::Usage("write bytes as 0x and an even number of hex digits, as in 0x00ff".into());
    bytes.map(|bytes| HEXLOWER.encode(&bytes)).ok_or_else(wrong)
}

/// Says that a message is shown as bytes, once.
pub(in crate::cli) fn note_bytes(messages: &Messages) {
    if messages.0.is_none() {
        note("Output and events are bytes in hex; with the contract's ABI file they can be read: --abi FILE");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABI: &str = r#"{"name":"t","code":"CODE","init":"()","call":"string","view":"u8","output":"u8","answer":"u8","events":{"kept":"string"},"types":{}}"#;

    #[test]
    fn messages_are_json_by_the_file_of_the_code_and_bytes_without() {
        let dir = tempfile::tempdir().unwrap();
        let [code, other] = [1, 2].map(|byte| Hash([byte; 32]));
        let wallets = Wallets::new(dir.path().to_owned());
        let path = dir.path().join("t.abi.json");
        std::fs::write(&path, ABI.replace("CODE", &code.to_string())).unwrap();
        let named = AbiOption { abi: Some(path) };
        assert!(matches!(Messages::of(&named, &other), Err(Error::Usage(why)) if why.contains("other code")));
        let messages = Messages::of(&named, &code).unwrap();
        assert_eq!(messages.input(Some("\"a\""), |abi| &abi.call, &wallets).unwrap(), "0100000061");
        assert_eq!(messages.input(Some("0x0A"), |abi| &abi.call, &wallets).unwrap(), "0a");
        assert_eq!(messages.input(None, |abi| &abi.init, &wallets).unwrap(), "");
        assert!(messages.input(Some("7"), |abi| &abi.call, &wallets).is_err());
        let missing = messages.input(None, |abi| &abi.call, &wallets);
        assert!(matches!(missing, Err(Error::Usage(why)) if why == "the input is missing: text is wanted"));
        assert_eq!(messages.said("0100000061", |abi| abi.events.get("kept")), "\"a\"");
        assert_eq!(messages.said("07", |abi| abi.events.get("kept")), "07", "it does not fit");
        assert_eq!(messages.said("07", |abi| abi.events.get("lost")), "07");
        let bytes = Messages(None);
        assert_eq!(bytes.input(None, |abi| &abi.call, &wallets).unwrap(), "");
        assert!(
            matches!(bytes.input(Some("null"), |abi| &abi.call, &wallets), Err(Error::Usage(why)) if why.contains("--abi"))
        );
        assert_eq!(bytes.said("07", |abi| Some(&abi.output)), "07");
        assert!(hex("0x0").is_err() && hex("00").is_err());
    }
}
