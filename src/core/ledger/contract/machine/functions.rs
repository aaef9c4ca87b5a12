//! The host functions, as modules call them: places in memory and numbers, each paid before it is done.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use wasmi::{Caller, Error as WasmiError, Linker, Memory, TrapCode};

use super::super::super::Address;
use super::super::host::{Failure, Stop};
use super::Running;
use crate::crypto::{Hash, PublicKey, Signature, sha256, verify};
use crate::limits::{
    CONTRACT_EVENT, CONTRACT_KEY, CONTRACT_OUTPUT, CONTRACT_REASON, CONTRACT_TOPIC, CONTRACT_VALUE,
    GAS_EVENT, GAS_HOST, GAS_HOST_BYTE, GAS_KEPT_BYTE, GAS_PAY, GAS_READ, GAS_SHA256, GAS_SHA256_BYTE,
    GAS_VERIFY, GAS_WRITE, GAS_WRITE_BYTE,
};

/// What `get` gives where there is no such slot.
const NOTHING: u32 = u32::MAX;

type Result<T> = core::result::Result<T, WasmiError>;

/// Gives a module the functions that the gate's list names.
pub(super) fn link(linker: &mut Linker<Running<'_>>) -> Result<()> {
    const FROM: &str = "bouya";
    linker
        .func_wrap(FROM, "input_size", |call: Call<'_, '_>| Frame(call).input_size())?
        .func_wrap(FROM, "input", |call: Call<'_, '_>, at: u32| Frame(call).input(at))?
        .func_wrap(FROM, "output", |call: Call<'_, '_>, at: u32, len: u32| Frame(call).output((at, len)))?
        .func_wrap(FROM, "get", |call: Call<'_, '_>, at: u32, len: u32, to: u32, room: u32| {
            Frame(call).get((at, len), (to, room))
        })?
        .func_wrap(FROM, "set", |call: Call<'_, '_>, at: u32, len: u32, value: u32, value_len: u32| {
            Frame(call).set((at, len), (value, value_len))
        })?
        .func_wrap(FROM, "remove", |call: Call<'_, '_>, at: u32, len: u32| Frame(call).remove((at, len)))?
        .func_wrap(FROM, "caller", |call: Call<'_, '_>, at: u32| Frame(call).caller(at))?
        .func_wrap(FROM, "me", |call: Call<'_, '_>, at: u32| Frame(call).me(at))?
        .func_wrap(FROM, "value", |call: Call<'_, '_>| Frame(call).value())?
        .func_wrap(FROM, "balance", |call: Call<'_, '_>| Frame(call).balance())?
        .func_wrap(FROM, "pay", |call: Call<'_, '_>, to: u32, amount: u64| Frame(call).pay(to, amount))?
        .func_wrap(FROM, "height", |call: Call<'_, '_>| Frame(call).height())?
        .func_wrap(FROM, "time", |call: Call<'_, '_>| Frame(call).time())?
        .func_wrap(FROM, "event", |call: Call<'_, '_>, at: u32, len: u32, data: u32, data_len: u32| {
            Frame(call).event((at, len), (data, data_len))
        })?
        .func_wrap(FROM, "sha256", |call: Call<'_, '_>, at: u32, len: u32, to: u32| {
            Frame(call).sha256((at, len), to)
        })?
        .func_wrap(FROM, "verify", |call: Call<'_, '_>, key: u32, at: u32, len: u32, signature: u32| {
            Frame(call).verify(key, (at, len), signature)
        })?
        .func_wrap(FROM, "member", |call: Call<'_, '_>, address: u32| Frame(call).member(address))?
        .func_wrap(FROM, "agreement", |call: Call<'_, '_>, id: u32| Frame(call).agreement(id))?
        .func_wrap(FROM, "fail", |call: Call<'_, '_>, at: u32, len: u32| Frame(call).fail((at, len)))?;
    Ok(())
}

type Call<'a, 'h> = Caller<'a, Running<'h>>;

/// Where in memory, and how many bytes.
type Place = (u32, u32);

/// One call of a host function.
struct Frame<'a, 'h>(Call<'a, 'h>);

impl Frame<'_, '_> {
    fn input_size(mut self) -> Result<u32> {
        self.charge(GAS_HOST, 0, 0)?;
        Ok(self.input_len())
    }

    fn input(mut self, at: u32) -> Result<()> {
        self.charge(GAS_HOST, self.input_len(), GAS_HOST_BYTE)?;
        let input = self.0.data().host.input().to_vec();
        self.write(at, &input)
    }

    fn output(mut self, place: Place) -> Result<()> {
        self.charge(GAS_HOST, place.1, GAS_KEPT_BYTE)?;
        let bytes = self.bounded(place, CONTRACT_OUTPUT, Failure::Output)?;
        let done = self.0.data_mut().host.output(bytes);
        self.done(done)
    }

    fn get(mut self, key: Place, (to, room): Place) -> Result<u32> {
        self.charge(GAS_READ, 0, 0)?;
        let key = self.bounded(key, CONTRACT_KEY, Failure::Key)?;
        let value = self.0.data_mut().host.get(&key);
        let Some(value) = self.done(value)? else { return Ok(NOTHING) };
        let room = usize::try_from(room).unwrap_or(usize::MAX).min(value.len());
        self.write(to, value.get(..room).unwrap_or_default())?;
        Ok(u32::try_from(value.len()).unwrap_or(NOTHING))
    }

    fn set(mut self, key: Place, value: Place) -> Result<()> {
        self.charge(GAS_WRITE, key.1.saturating_add(value.1), GAS_WRITE_BYTE)?;
        let key = self.bounded(key, CONTRACT_KEY, Failure::Key)?;
        let value = self.bounded(value, CONTRACT_VALUE, Failure::Value)?;
        let done = self.0.data_mut().host.set(&key, value);
        self.done(done)
    }

    fn remove(mut self, key: Place) -> Result<()> {
        self.charge(GAS_WRITE, 0, 0)?;
        let key = self.bounded(key, CONTRACT_KEY, Failure::Key)?;
        let done = self.0.data_mut().host.remove(&key);
        self.done(done)
    }

    fn caller(mut self, at: u32) -> Result<()> {
        self.charge(GAS_HOST, 0, 0)?;
        let caller = self.0.data().host.caller();
        let caller = self.done(caller)?;
        self.write(at, &caller.to_bytes())
    }

    fn me(mut self, at: u32) -> Result<()> {
        self.charge(GAS_HOST, 0, 0)?;
        let me = self.0.data().host.me();
        self.write(at, &me.to_bytes())
    }

    fn value(mut self) -> Result<u64> {
        self.charge(GAS_HOST, 0, 0)?;
        Ok(self.0.data().host.value())
    }

    fn balance(mut self) -> Result<u64> {
        self.charge(GAS_READ, 0, 0)?;
        let balance = self.0.data_mut().host.balance();
        self.done(balance)
    }

    fn pay(mut self, to: u32, amount: u64) -> Result<u32> {
        self.charge(GAS_PAY, 0, 0)?;
        let to = self.address(to)?;
        let paid = self.0.data_mut().host.pay(to, amount);
        self.done(paid).map(u32::from)
    }

    fn height(mut self) -> Result<u64> {
        self.charge(GAS_HOST, 0, 0)?;
        Ok(self.0.data().host.height())
    }

    fn time(mut self) -> Result<u64> {
        self.charge(GAS_HOST, 0, 0)?;
        Ok(self.0.data().host.time().0)
    }

    fn event(mut self, topic: Place, data: Place) -> Result<()> {
        self.charge(GAS_EVENT, topic.1.saturating_add(data.1), GAS_KEPT_BYTE)?;
        let topic = self.bounded(topic, CONTRACT_TOPIC, |_| Failure::Topic)?;
        let data = self.bounded(data, CONTRACT_EVENT, Failure::Event)?;
        let done = self.0.data_mut().host.event(&topic, data);
        self.done(done)
    }

    fn sha256(mut self, place: Place, to: u32) -> Result<()> {
        self.charge(GAS_SHA256, place.1, GAS_SHA256_BYTE)?;
        let hash = sha256(self.slice(place)?);
        self.write(to, &hash.0)
    }

    fn verify(mut self, key: u32, message: Place, signature: u32) -> Result<u32> {
        self.charge(GAS_VERIFY, message.1, GAS_SHA256_BYTE)?;
        let key = PublicKey(self.fixed(key)?);
        let signature = Signature(self.fixed(signature)?);
        Ok(u32::from(verify(&key, self.slice(message)?, &signature)))
    }

    fn member(mut self, address: u32) -> Result<u32> {
        self.charge(GAS_READ, 0, 0)?;
        let address = self.address(address)?;
        let member = self.0.data_mut().host.member(&address);
        self.done(member).map(u32::from)
    }

    fn agreement(mut self, id: u32) -> Result<u32> {
        // The proposal and a possible withdrawal; then an answer of each party.
        self.charge(GAS_READ, 1, GAS_READ)?;
        let id = Hash(self.fixed(id)?);
        let parties = self.0.data_mut().host.parties(&id);
        let parties = self.done(parties)?;
        self.charge(0, u32::try_from(parties).unwrap_or(u32::MAX), GAS_READ)?;
        let stands = self.0.data_mut().host.agreement(&id);
        self.done(stands).map(|stands| stands as u32)
    }

    fn fail(mut self, (at, len): Place) -> Result<()> {
        let most = u32::try_from(CONTRACT_REASON).unwrap_or(u32::MAX);
        let text = String::from_utf8_lossy(self.slice((at, len.min(most)))?);
        // Control characters could forge a line of a log or of a terminal.
        let text = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
        self.done(Err(Failure::Refused(text).into()))
    }

    fn input_len(&self) -> u32 {
        u32::try_from(self.0.data().host.input().len()).unwrap_or(u32::MAX)
    }

    /// Takes the price of a thing and of its parts, before it is done.
    fn charge(&mut self, base: u64, parts: u32, each: u64) -> Result<()> {
        let price = base.saturating_add(u64::from(parts).saturating_mul(each));
        let left = self.0.get_fuel()?.checked_sub(price).ok_or(TrapCode::OutOfFuel)?;
        self.0.set_fuel(left)
    }

    /// Reads what may have so many bytes.
    fn bounded(
        &mut self,
        place: Place,
        most: usize,
        failure: impl FnOnce(usize) -> Failure,
    ) -> Result<Vec<u8>> {
        let len = usize::try_from(place.1).unwrap_or(usize::MAX);
        if len > most {
            return self.done(Err(failure(len).into()));
        }
        self.slice(place).map(<[u8]>::to_vec)
    }

    fn address(&mut self, at: u32) -> Result<Address> {
        self.fixed(at).map(Address::from_bytes)
    }

    fn fixed<const N: usize>(&mut self, at: u32) -> Result<[u8; N]> {
        let (memory, range) = self.range(at, N)?;
        let bytes = memory.data(&self.0).get(range).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| TrapCode::MemoryOutOfBounds.into())
    }

    fn slice(&mut self, (at, len): Place) -> Result<&[u8]> {
        let (memory, range) = self.range(at, usize::try_from(len).unwrap_or(usize::MAX))?;
        Ok(memory.data(&self.0).get(range).unwrap_or_default())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<()> {
        let (memory, range) = self.range(at, bytes.len())?;
        if let Some(place) = memory.data_mut(&mut self.0).get_mut(range) {
            place.copy_from_slice(bytes);
        }
        Ok(())
    }

    /// The memory, and so many bytes of it that are there.
    fn range(&mut self, at: u32, len: usize) -> Result<(Memory, Range<usize>)> {
        let memory = self.0.data().memory;
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let range = at.checked_add(len).map(|end| at..end);
        let found = memory.zip(range).filter(|(memory, range)| range.end <= memory.data_size(&self.0));
        self.done(found.ok_or_else(|| Failure::Memory.into()))
    }

    /// Stops the run where the host says so.
    fn done<T>(&mut self, done: core::result::Result<T, Stop>) -> Result<T> {
        done.map_err(|stop| {
            self.0.data_mut().stop = Some(stop);
            WasmiError::new("stopped by the host")
        })
    }
}
