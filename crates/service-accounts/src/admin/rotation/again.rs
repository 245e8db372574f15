//! A request for a rotation that was carried out before.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Label};
use service_accounts_lifecycle::{Rotation, is_expired};
use service_accounts_store::{Change, Credential, Store, Token};
use service_accounts_token::TokenId;
use time::UtcDateTime;

use super::{RotatedToken, Served};
use crate::{
    Error,
    admin::{Acting, MintedToken, TokenHandle},
};

impl<S: Store + 'static, P: Permission> TokenHandle<'_, S, P> {
    /// The answer to a request that was carried out before: the earlier answer was lost if nobody has used the successor.
    ///
    /// Only an unused successor gets another secret: whoever already works with the text of a used one would be locked
    /// out.
    pub(super) async fn again(
        &self,
        found: &Arc<Credential>,
        rotation: &Rotation<TokenId, Label>,
        successor: &Arc<Credential>,
        now: UtcDateTime,
    ) -> Result<RotatedToken, Error> {
        let (Acting { core, actor }, present) = (self.acting, successor.token());
        let predecessor = found.token().clone();
        self.check_own_rise(found, present)?;
        let is_unused = rotation.may_mint_anew() && present.replaces.is_some_and(|old| old.first_used.is_none());
        let is_over =
            present.is_revoked(successor.account()) || present.expires_at.is_some_and(|end| is_expired(end, now));
        if !is_unused || is_over {
            // Also where its account's revocation ended it.
            let successor = Token { state: successor.state(now), ..present.clone() };
            return Ok(RotatedToken {
                served: Served::Before,
                secret: None,
                successor,
                predecessor,
                warnings: Vec::new(),
            });
        }
        let draft = core.issuer.reissue(actor, present)?;
        let event = core.token_event(Action::TokenRotated, actor, &predecessor);
        let event = event.with(Label::new("successor"), Label::new(present.id.as_str()));
        let event = event.with(Label::new("again"), Label::new("its secret was made anew"));
        let change = Change::UpdateToken {
            token: Box::new(draft.record.clone()),
            expected: present.revision,
            account_revision: Some(successor.account().revision),
        };
        let (applied, warnings) = core.commit_warned(actor, change, event).await?;
        let MintedToken { secret, token: successor, .. } = MintedToken::kept(draft, &applied);
        Ok(RotatedToken { served: Served::Before, secret: Some(secret), successor, predecessor, warnings })
    }

    /// A token that shows itself gets no successor that may do more than it: an administrator may have widened the one, or
    /// narrowed the other, since they parted.
    fn check_own_rise(&self, found: &Credential, successor: &Token) -> Result<(), Error> {
        if !self.is_itself() {
            return Ok(());
        }
        let (catalogue, account) = (self.acting.asker().catalogue, found.account());
        let of = |token: &Token| catalogue.holder(&account.grant, token.grant.scopes());
        match (of(successor), of(found.token())) {
            (Ok(more), Ok(own)) if more.is_subset(&own) => Ok(()),
            _ => Err(Error::NotPermitted),
        }
    }
}
