//! Bytes to JSON.

use borsh::BorshDeserialize;
use bouya_core::ledger::Address;
use bouya_core::limits::{ABI_DEPTH, ABI_VALUES};
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};

use super::encode::order;
use super::{Abi, Definition, Fields, Type, ValueError, Why};

pub(super) fn whole(abi: &Abi, kind: &Type, bytes: &[u8]) -> Result<Value, ValueError> {
    let mut reader = Reader { abi, rest: bytes, values: ABI_VALUES };
    let value = reader.value(kind, ABI_DEPTH)?;
    match reader.rest.len() {
        0 => Ok(value),
        left => Err(Why::Left(left).into()),
    }
}

struct Reader<'a> {
    abi: &'a Abi,
    rest: &'a [u8],
    /// How many more values are shown.
    values: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, kind: &Type, depth: usize) -> Result<Value, ValueError> {
        let depth = depth.checked_sub(1).ok_or(Why::Deep)?;
        self.values = self.values.checked_sub(1).ok_or(Why::Many)?;
        Ok(match kind {
            Type::Unit => Value::Null,
            Type::Bool => Value::Bool(self.flag("bool")?),
            Type::Unsigned(width) => {
                let mut all = [0; 16];
                let number = self.take((*width).into())?;
                all.iter_mut().zip(number).for_each(|(byte, given)| *byte = *given);
                let number = u128::from_le_bytes(all);
                // What every reader of JSON can hold is a number.
                u32::try_from(number)
                    .ok()
                    .filter(|_| *width <= 4)
                    .map_or_else(|| number.to_string().into(), Value::from)
            }
            Type::I64 => i64::from_le_bytes(*self.array()?).to_string().into(),
            Type::String => {
                let text = std::str::from_utf8(self.with_length()?).map_err(|_| Why::Bytes("string"))?;
                text.into()
            }
            Type::Bytes => HEXLOWER.encode(self.with_length()?).into(),
            Type::Hash => HEXLOWER.encode(self.array::<32>()?).into(),
            Type::Address => {
                let address =
                    Address::try_from_slice(self.array::<33>()?).map_err(|_| Why::Bytes("address"))?;
                address.to_string().into()
            }
            Type::List(of) => {
                // Nothing is reserved: the length is only what somebody says.
                let mut list = Vec::new();
                for at in 0..self.length()? {
                    list.push(self.value(of, depth).map_err(|error| error.within(&format!("[{at}]")))?);
                }
                list.into()
            }
            Type::Option(of) => match self.flag("option")? {
                true => self.value(of, depth)?,
                false => Value::Null,
            },
            Type::Map(key, of) => self.map(key, of, depth)?,
            Type::Tuple(parts) => {
                let parts = parts.iter().map(|part| self.value(part, depth));
                parts.collect::<Result<Vec<_>, _>>()?.into()
            }
            Type::Named(name) => match self.abi.types.get(name) {
                Some(Definition::Struct(of)) => self.fields(of, depth)?.into(),
                Some(Definition::Enum(of)) => self.variant(of, depth)?,
                // Parsing has seen to that.
                None => return Err(Why::Bytes("known type").into()),
            },
        })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ValueError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Why::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], ValueError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Why::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, ValueError> {
        let [byte] = *self.array()?;
        Ok(byte)
    }

    fn flag(&mut self, kind: &'static str) -> Result<bool, ValueError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Why::Bytes(kind).into()),
        }
    }

    fn length(&mut self) -> Result<u32, ValueError> {
        Ok(u32::from_le_bytes(*self.array()?))
    }

    fn with_length(&mut self) -> Result<&'a [u8], ValueError> {
        let len = self.length()?;
        self.take(usize::try_from(len).map_err(|_| Why::Short)?)
    }

    fn map(&mut self, key: &Type, of: &Type, depth: usize) -> Result<Value, ValueError> {
        let (mut pairs, mut last) = (Vec::new(), None);
        for _ in 0..self.length()? {
            let before = self.rest;
            let one = self.value(key, depth)?;
            let encoded = before.get(..before.len().saturating_sub(self.rest.len())).unwrap_or_default();
            let place = Some(order(key, encoded));
            if last >= place {
                return Err(Why::Bytes("map, whose keys ascend").into());
            }
            last = place;
            pairs.push(json!([one, self.value(of, depth)?]));
        }
        Ok(pairs.into())
    }

    fn fields(&mut self, of: &Fields, depth: usize) -> Result<Map<String, Value>, ValueError> {
        let mut object = Map::new();
        for (name, kind) in of {
            object.insert(name.clone(), self.value(kind, depth).map_err(|error| error.within(name))?);
        }
        Ok(object)
    }

    fn variant(&mut self, of: &[(String, Fields)], depth: usize) -> Result<Value, ValueError> {
        let number = usize::from(self.byte()?);
        let (name, of) = of.get(number).ok_or(Why::Bytes("known variant"))?;
        if of.is_empty() {
            return Ok(name.as_str().into());
        }
        let content = self.fields(of, depth).map_err(|error| error.within(name))?;
        Ok(Map::from_iter([(name.clone(), content.into())]).into())
    }
}
