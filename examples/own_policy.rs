//! A policy about a kind of request of the host's own: `cargo run --example own_policy`.
//!
//! Machine users of this host ask for SSH keys. The policy knows nothing of keys: what a request is, which of them a
//! policy is about and what they must pass are the host's types.

use std::error::Error;

use service_accounts::{
    Actor, NewAccount, NewToken, Principal, Randomness, ServiceAccounts, SystemRandomness,
    access::{
        Teams,
        presets::data_quality::{self, Permission},
    },
    lifecycle::{Enforcement, Environment, GovernancePolicy, OverBroad, PolicyCriteria, PolicyOutcome, PolicyRule},
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};

/// What a machine user asks for: the key's account and teams come from its token, the rest from the request.
struct SshKeyRequest {
    teams: Teams,
    bits: u16,
    hosts: Vec<String>,
}

/// About keys for one of these teams' machine users; about all where there is none.
#[derive(Default)]
struct OfTeams(Vec<&'static str>);

impl PolicyCriteria<SshKeyRequest> for OfTeams {
    fn matches(&self, request: &SshKeyRequest) -> bool {
        self.0.is_empty() || request.teams.names().any(|team| self.0.contains(&team.as_str()))
    }

    fn breadth(&self) -> Vec<OverBroad> {
        if self.0.is_empty() { vec![OverBroad::Everything] } else { Vec::new() }
    }
}

enum SshKeyRule {
    /// A key has at least so many bits.
    Strength(u16),
    /// A key opens one host.
    OneHost,
}

impl PolicyRule<SshKeyRequest> for SshKeyRule {
    fn code(&self) -> &'static str {
        match self {
            Self::Strength(_) => "key-strength",
            Self::OneHost => "one-host",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Strength(_) => "bits",
            Self::OneHost => "hosts",
        })
    }

    fn violation(&self, request: &SshKeyRequest) -> Option<&'static str> {
        match self {
            Self::Strength(least) => (request.bits < *least).then_some("the key is too short"),
            Self::OneHost => (request.hosts.len() > 1).then_some("the key opens several hosts"),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    pollster::block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let policy = GovernancePolicy::new("deploy-keys", OfTeams(vec!["deploy"]))
        .with_rule(SshKeyRule::Strength(3072), Enforcement::Hard)
        .with_rule(SshKeyRule::OneHost, Enforcement::Soft)
        .enabled();
    let principal = deployer().await?;
    for (bits, hosts) in [(3072, &["web-1"][..]), (3072, &["web-1", "web-2"]), (2048, &["web-1"])] {
        let hosts = hosts.iter().map(ToString::to_string).collect();
        let request = SshKeyRequest { teams: principal.grants().teams().clone(), bits, hosts };
        let judged = policy.evaluate(&request);
        let answer = match judged.outcome {
            PolicyOutcome::Allow => "signed",
            PolicyOutcome::Warn => "signed, with a warning",
            PolicyOutcome::Block => "refused",
        };
        println!("{bits} bits, {} hosts: {answer}", request.hosts.len());
        for found in judged.findings {
            println!("  {}: {} ({})", found.field.unwrap_or_default(), found.reason, found.code);
        }
    }
    Ok(())
}

/// A machine user of the team `deploy`, let in by its token.
async fn deployer() -> Result<Principal<Permission>, Box<dyn Error>> {
    let mut key = [0; 32];
    SystemRandomness.fill(&mut key)?;
    let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes(key));
    let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
    let vendor = Vendor::parse("acme")?;
    let accounts = ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, manage).build();
    let (purpose, owner) = (Purpose::parse("rolls out releases")?, Owner::parse("platform team")?);
    let wanted = NewAccount {
        teams: Teams::only(["deploy"])?,
        first_token: Some(NewToken::new(TokenName::parse("rollout-2026")?)),
        ..NewAccount::new(DisplayName::parse("Release Rollout")?, purpose, owner, Environment::production())
    };
    let created = accounts.acting(&Actor::host("ops@example.com")).create(wanted).await?;
    let token = created.first_token.ok_or("no token was minted")?;
    Ok(accounts.authenticate(token.secret.expose(), None).await?)
}
