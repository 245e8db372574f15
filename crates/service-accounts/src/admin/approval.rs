//! A second administrator agrees.
//!
//! What was approved is what was seen: the approval names the revision, and is refused where the account has changed
//! since.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Label};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Approval, Proposal, Revision, Store};

use super::{Acting, UpdatedAccount, update};
use crate::{
    Error,
    core::{asker::Asker, authority::Call},
};

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// Asks who may and who is independent first, then changes the account from the state that was seen.
    ///
    /// Who edited is asked of the very state that was seen. An approver who names a revision before it is there, and edits
    /// in between, would otherwise be judged by the editors of the state before.
    pub(super) async fn approve_account(&self, id: &AccountId, seen: Revision) -> Result<UpdatedAccount, Error> {
        let account = self.account_for(Call::ApproveAccount, id).await?;
        waiting(&account, seen)?;
        self.check_independence(&account).await?;
        let approved = |asker: &Asker<'_, P>, account: &Account| self.approved(asker, account, seen);
        self.change_account(Call::ApproveAccount, id, approved).await
    }

    /// The account with what was proposed in force. The approver must itself hold it: to approve is to grant.
    ///
    /// `seen` is compared inside the judgement and not before it, so that it also holds in a second attempt after a
    /// lost race.
    fn approved(&self, asker: &Asker<'_, P>, account: &Account, seen: Revision) -> Result<(Action, Account), Error> {
        let proposal = waiting(account, seen)?;
        asker.may_put_in_force(Call::ApproveAccount, &proposal.grant)?;
        let approval = Approval::Given { by: self.actor.name().clone(), at: self.core.now() };
        Ok((Action::AccountApproved, Account { approval, ..update::proposed(account) }))
    }

    /// Nobody approves what they made or edited, by whatever credential, nor what an account of theirs did.
    ///
    /// Three circles are asked: the editors themselves with everybody who saw the text of their credential, the creator
    /// of the account that approves, and the creators of accounts that edited. Without the last two, one person could
    /// approve by an account of their own.
    async fn check_independence(&self, account: &Account) -> Result<(), Error> {
        let approver = self.actor.people();
        let by = account.proposal.iter().flat_map(|proposal| &proposal.by);
        let editors: Vec<&Label> = by.chain([&account.created_by]).collect();
        if editors.iter().any(|editor| approver.contains(editor)) {
            return Err(Error::OwnApproval);
        }
        if let Some(shown) = self.actor.credential()
            && editors.contains(&&shown.account().created_by)
        {
            return Err(Error::OwnApproval);
        }
        for editor in editors {
            if self.creator_of(editor).await?.is_some_and(|creator| approver.contains(&creator)) {
                return Err(Error::OwnApproval);
            }
        }
        Ok(())
    }

    /// Who created an editor, where the editor is a service account: it acts in the hand of whoever made it.
    ///
    /// A person is no account and has no creator. Neither has an account that was deleted since; whose hand an edit came
    /// from stands in the proposal, so that to delete the account hides nobody.
    async fn creator_of(&self, editor: &Label) -> Result<Option<Label>, Error> {
        let Ok(id) = AccountId::parse(editor.as_str()) else { return Ok(None) };
        match self.core.account(&id).await {
            Ok(account) => Ok(Some(account.created_by.clone())),
            Err(Error::AccountMissing) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What waits, if the account is still as it was seen.
fn waiting(account: &Account, seen: Revision) -> Result<&Proposal, Error> {
    let proposal = account.proposal.as_deref().ok_or(Error::NotPending)?;
    if account.revision == seen { Ok(proposal) } else { Err(Error::Outdated) }
}
