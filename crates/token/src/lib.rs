#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod base62;
mod checksum;
mod digest;
mod hint;
mod id;
mod keyring;
mod kind;
mod outline;
mod pepper;
mod presented;
mod scan;
mod secret;
mod signing;
mod tag;
#[cfg(feature = "serde")]
mod text_serde;
mod vendor;
mod verifier;
mod wipe;

pub use digest::{Digest, DigestError};
pub use hint::{Hint, HintError};
pub use id::{TokenId, TokenIdError, TokenIdHasher};
#[cfg(feature = "std")]
pub use keyring::KeyringEnvError;
pub use keyring::{
    Fingerprint, KeyCheck, KeyCheckError, Keyring, KeyringError, KeyringLoadError, MintError, Minted, Refused, Verified,
};
pub use kind::{Kind, KindError};
pub use outline::Outline;
pub use pepper::{Pepper, PepperError, PepperId, PepperIdError};
pub use presented::{ParseTokenError, Presented};
#[cfg(feature = "std")]
pub use scan::ScanReader;
pub use scan::{FoundToken, GithubPattern, Scanner};
pub use secret::SecretToken;
pub use signing::{SigningSecret, SigningSecretError};
pub use tag::Tag;
pub use vendor::{Vendor, VendorError};
pub use verifier::{AuthenticateError, Authenticated, Census, CredentialSource, Verifier};
