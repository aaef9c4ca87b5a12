use crate::{Events, Message, fail, host};

/// What a contract is: its messages, and what it does. All that stays is in rows ([`Item`](crate::Item), [`Map`](crate::Map)).
///
/// An error ends the call as failed, like [`fail!`](crate::fail!) and a panic: the value goes back, and nothing else has happened.
pub trait Contract {
    /// What it is deployed with.
    type Init: Message;
    /// What it can be told to do.
    type Call: Message;
    /// What it can be asked.
    type View: Message;
    /// What a call gives back.
    type Output: Message;
    /// What it answers.
    type Answer: Message;
    /// All events that it may tell.
    type Events: Events;
    /// Why something did not happen, for people: `&'static str`, or `String`. No more is asked of it, for a formatter's code in each module costs
    /// each call.
    type Error: AsRef<str>;

    /// Runs once, as it is deployed.
    fn init(terms: Self::Init) -> Result<(), Self::Error>;

    /// Runs at each call.
    fn call(act: Self::Call) -> Result<Self::Output, Self::Error>;

    /// Answers off the chain, and changes nothing.
    fn view(question: Self::View) -> Result<Self::Answer, Self::Error>;
}

/// Makes a module's entries of a type that implements [`Contract`], and a function `abi` that writes the ABI file of the module with this
/// SHA-256 (in hex). Once in a crate, at its root.
#[macro_export]
macro_rules! contract {
    ($contract:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn init() {
                $crate::run_init::<$contract>();
            }

            #[unsafe(no_mangle)]
            extern "C" fn call() {
                $crate::run_call::<$contract>();
            }

            #[unsafe(no_mangle)]
            extern "C" fn view() {
                $crate::run_view::<$contract>();
            }
        };

        /// The ABI file, for the module with this SHA-256 in hex.
        #[cfg(not(target_arch = "wasm32"))]
        pub fn abi(code: &str) -> $crate::String {
            $crate::abi::file::<$contract>(env!("CARGO_PKG_NAME"), code)
        }
    };
}

#[doc(hidden)]
pub fn run_init<C: Contract>() {
    done(C::init(input()));
}

#[doc(hidden)]
pub fn run_call<C: Contract>() {
    let output = done(C::call(input()));
    host::output(&host::encoded(&output));
}

#[doc(hidden)]
pub fn run_view<C: Contract>() {
    let answer = done(C::view(input()));
    host::output(&host::encoded(&answer));
}

/// The input as a message: all of it, or the call fails.
fn input<M: Message>() -> M {
    match borsh::from_slice(&host::input()) {
        Ok(message) => message,
        Err(_) => fail("the input is not what this contract takes: see its ABI file"),
    }
}

fn done<T, E: AsRef<str>>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => fail(error.as_ref()),
    }
}

/// A panic fails the call, and says what it can without a formatter's code in the module.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    fail(info.message().as_str().unwrap_or("the contract panicked"))
}
