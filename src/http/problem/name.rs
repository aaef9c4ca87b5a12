//! What problems are called: programs compare these names, so they stay. docs/API.md says of each what it means and what to do.

use axum::http::StatusCode;

/// Each with its text and its status.
macro_rules! names {
    ($($name:ident $text:literal $status:ident,)+) => {
        /// A problem's name; see the module.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::http) enum Name {
            $($name,)+
        }

        impl Name {
            /// All of them.
            pub(in crate::http) const ALL: &[Self] = &[$(Self::$name,)+];

            /// The `type` of its problem documents.
            pub(in crate::http) fn urn(self) -> &'static str {
                match self {
                    $(Self::$name => concat!("urn:bouya:", $text),)+
                }
            }

            pub(in crate::http) fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)+
                }
            }
        }
    };
}

names! {
    BadRequest "bad-request" BAD_REQUEST,
    InvalidTransaction "invalid-transaction" BAD_REQUEST,
    Token "token" UNAUTHORIZED,
    WrongHost "wrong-host" FORBIDDEN,
    WrongOrigin "wrong-origin" FORBIDDEN,
    NotFound "not-found" NOT_FOUND,
    UnknownPeer "unknown-peer" NOT_FOUND,
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED,
    SlowBody "slow-body" REQUEST_TIMEOUT,
    Ambiguous "ambiguous" CONFLICT,
    Confirmed "confirmed" CONFLICT,
    NonceTaken "nonce-taken" CONFLICT,
    SlotTaken "slot-taken" CONFLICT,
    WrongNonce "wrong-nonce" CONFLICT,
    OtherHistory "other-history" CONFLICT,
    OwnId "own-id" CONFLICT,
    Configured "configured" CONFLICT,
    Full "full" CONFLICT,
    NotMined "not-mined" CONFLICT,
    NotResumed "not-resumed" CONFLICT,
    NoSnapshot "no-snapshot" CONFLICT,
    Pruned "pruned" GONE,
    TooLarge "too-large" PAYLOAD_TOO_LARGE,
    MediaType "media-type" UNSUPPORTED_MEDIA_TYPE,
    Expired "expired" UNPROCESSABLE_ENTITY,
    InsufficientBalance "insufficient-balance" UNPROCESSABLE_ENTITY,
    LowFee "low-fee" UNPROCESSABLE_ENTITY,
    NoContracts "no-contracts" UNPROCESSABLE_ENTITY,
    TooMuchGas "too-much-gas" UNPROCESSABLE_ENTITY,
    NoGovernor "no-governor" UNPROCESSABLE_ENTITY,
    TooManyWaiting "too-many-waiting" TOO_MANY_REQUESTS,
    Internal "internal" INTERNAL_SERVER_ERROR,
    Behind "behind" SERVICE_UNAVAILABLE,
    Busy "busy" SERVICE_UNAVAILABLE,
    DiskFull "disk-full" SERVICE_UNAVAILABLE,
    MempoolFull "mempool-full" SERVICE_UNAVAILABLE,
    NotReady "not-ready" SERVICE_UNAVAILABLE,
    Timeout "timeout" SERVICE_UNAVAILABLE,
}
