//! Signing secrets: derived from a pepper and a random seed, kept by nobody.

use service_accounts_access::Permission;
use service_accounts_store::Store;
use service_accounts_token::{PepperId, SigningSecret};

use super::Seed;
use crate::{Error, Unavailable, core::Core};

/// How many subscriptions are read at once.
const PAGE: usize = 256;

impl<S, P: Permission> Core<S, P> {
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.issuer.randomness.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The seed is no secret: without the pepper nobody derives anything from it.
    pub(crate) fn new_seed(&self) -> Result<Seed, Error> {
        let random: [u8; 16] = self.random()?;
        let seed = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Seed { pepper: self.issuer.keyring.current(), seed, until: None })
    }

    /// The same seed has the same secret, for as long as the keyring has the pepper.
    pub(crate) fn secret_of(&self, seed: &Seed) -> Result<SigningSecret, Error> {
        let secret = self.issuer.keyring.signing_secret(seed.pepper, seed.seed.as_bytes());
        secret.ok_or_else(|| Unavailable::new(PepperGone).into())
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// How many credentials, and subscriptions whose messages are signed, stand under a pepper.
    ///
    /// A pepper that a live secret needs must not be retired, or messages could no longer be signed. Those of other realms
    /// count like their credentials: the keyring is the host's, and not a tenant's.
    pub(crate) async fn count_under(&self, pepper: PepperId) -> Result<Option<u64>, Unavailable> {
        let Some(mut count) = self.store.count_under(pepper).await.map_err(Unavailable::new)? else { return Ok(None) };
        let (mut after, now) = (None, self.now());
        loop {
            let page = self.subscriptions_of_any_realm(after.as_ref(), PAGE).await?;
            let needs = |seeds: &[Seed]| seeds.iter().any(|seed| seed.pepper == pepper && seed.is_live(now));
            let under = page.items.iter().filter(|kept| needs(&kept.value.seeds)).count();
            count = count.saturating_add(u64::try_from(under).unwrap_or(u64::MAX));
            after = page.next;
            if after.is_none() {
                return Ok(Some(count));
            }
        }
    }
}

/// The keyring lost the pepper that it has just named.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the pepper of a signing secret is missing")]
struct PepperGone;
