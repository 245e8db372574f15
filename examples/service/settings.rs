//! What the environment variables ask for, read once and before anything else happens.
//!
//! A setting that is not understood ends the start. Its error names the setting and what is expected, and never repeats
//! the value: it may be a key, or an address with a password in it.

use std::env;

use service_accounts::{
    Targets,
    access::Allowlist,
    audit::seal::SealKey,
    lifecycle::{Environment, LifecyclePolicy},
    token::Keyring,
};
use service_accounts_axum::oauth::Issuer;
use tracing_subscriber::filter::LevelFilter;

use crate::{database::is_on_server, pepper};

/// How this service runs.
pub(crate) struct Settings {
    /// `LISTEN`: address and port.
    pub(crate) listen: String,
    /// `DATABASE`: the path of the file, or the address of a Postgres database.
    pub(crate) database: String,
    /// `POOLER`: whether a pooler such as PgBouncer stands before that database.
    pub(crate) pooler: bool,
    /// `SERVICE_ACCOUNTS_PEPPER`: the keys, newest first; without it, the key file beside the database.
    pub(crate) keyring: Option<Keyring>,
    /// `ENVIRONMENT`: where the service runs; credentials of other environments are refused then.
    pub(crate) environment: Option<Environment>,
    /// `TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Option<Allowlist>,
    /// `RECOVER`: whether this start makes another administrator, for a host that lost all of its own.
    pub(crate) recover: bool,
    /// `ISSUER`: the address under which clients know this service; without it, the one it listens on.
    pub(crate) issuer: Option<Issuer>,
    /// `WEBHOOK_ALLOW_PRIVATE`: which receivers of webhooks are allowed.
    pub(crate) targets: Targets,
    /// `SEAL_KEY`: the keys of the trail's seals, newest first; without it the trail is not sealed.
    pub(crate) seal_keys: Vec<SealKey>,
    /// `RETENTION_DAYS`: for how long the sealed trail is kept; without it, for good.
    pub(crate) retention_days: Option<u16>,
    /// `DETECT`: whether the trail is watched and alerts are raised.
    pub(crate) detect: bool,
    /// `LOG`: how much is logged.
    pub(crate) log: LevelFilter,
}

/// A setting that is not understood.
#[derive(Debug, thiserror::Error)]
#[error("the setting `{name}` is not understood: expected {expected}")]
pub(crate) struct SettingError {
    name: &'static str,
    expected: String,
}

impl Settings {
    /// Reads all settings.
    pub(crate) fn from_env() -> Result<Self, SettingError> {
        let proxies = "networks separated by commas, such as 10.0.0.0/8,192.168.0.0/16";
        let log = "one of off, error, warn, info, debug, trace";
        Ok(Self {
            listen: text("LISTEN")?.unwrap_or_else(|| "127.0.0.1:8080".into()),
            database: parsed("DATABASE", "the path of a file, or postgres://…", database)?
                .unwrap_or_else(|| "service-accounts.db".into()),
            pooler: parsed("POOLER", "1, or nothing", |text| (text == "1").then_some(()))?.is_some(),
            keyring: keyring()?,
            environment: parsed("ENVIRONMENT", &environments(), environment)?,
            trusted_proxies: parsed("TRUSTED_PROXIES", proxies, networks)?,
            recover: parsed("RECOVER", "1, or nothing", |text| (text == "1").then_some(()))?.is_some(),
            issuer: parsed("ISSUER", "https://… or http://localhost, without a slash at the end", |text| {
                Issuer::parse(text).ok()
            })?,
            targets: parsed("WEBHOOK_ALLOW_PRIVATE", "1, or nothing", |text| (text == "1").then_some(Targets::Any))?
                .unwrap_or_default(),
            seal_keys: parsed(
                "SEAL_KEY",
                "64 hexadecimal digits, or several such keys separated by commas, newest first",
                seal_keys,
            )?
            .unwrap_or_default(),
            retention_days: retention_days()?,
            detect: parsed("DETECT", "1, or nothing", |text| (text == "1").then_some(()))?.is_some(),
            log: parsed("LOG", log, |text| text.parse().ok())?.unwrap_or(LevelFilter::INFO),
        })
    }
}

/// A value that is no Unicode is not the same as none: an unset environment would admit every credential.
fn text(name: &'static str) -> Result<Option<String>, SettingError> {
    let read = |value: std::ffi::OsString| value.into_string().ok();
    env::var_os(name).map(|value| read(value).ok_or_else(|| fail(name, "Unicode text"))).transpose()
}

fn parsed<T>(name: &'static str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, SettingError> {
    text(name)?.map(|text| parse(&text).ok_or_else(|| fail(name, expected))).transpose()
}

fn fail(name: &'static str, expected: &str) -> SettingError {
    SettingError { name, expected: expected.into() }
}

fn database(text: &str) -> Option<String> {
    // Another address would become a file of that name, with the password in it.
    (is_on_server(text) || !text.is_empty() && !text.contains("://")).then(|| text.into())
}

fn keyring() -> Result<Option<Keyring>, SettingError> {
    const NAME: &str = "SERVICE_ACCOUNTS_PEPPER";
    let expected =
        "a key of 32 bytes in hexadecimal or base64, or several as id:key, separated by commas, newest first";
    let read = |text: String| pepper::parse(&text).map_err(|error| fail(NAME, &format!("{expected}, but {error}")));
    text(NAME)?.map(read).transpose()
}

fn environment(text: &str) -> Option<Environment> {
    let environment = Environment::parse(text).ok()?;
    LifecyclePolicy::default().lifetime(&environment).is_some().then_some(environment)
}

fn environments() -> String {
    let policy = LifecyclePolicy::default();
    let names: Vec<_> = policy.environments().map(|(environment, _)| environment.as_str().to_owned()).collect();
    format!("one of {}", names.join(", "))
}

fn seal_keys(text: &str) -> Option<Vec<SealKey>> {
    text.split(',').map(|key| SealKey::parse(key.trim()).ok()).collect()
}

/// Only what is sealed is ever removed, so without a key the setting would do nothing, unnoticed.
fn retention_days() -> Result<Option<u16>, SettingError> {
    const NAME: &str = "RETENTION_DAYS";
    let days = |text: &str| text.parse().ok().filter(|days| (1..=36_500).contains(days));
    let days = parsed(NAME, "a number of days from 1 to 36500", days)?;
    if days.is_some() && env::var_os("SEAL_KEY").is_none() {
        return Err(fail(NAME, "`SEAL_KEY` beside it, for only what is sealed is removed"));
    }
    Ok(days)
}

/// An empty list would trust nobody although an empty allowlist admits everybody, so it is refused.
fn networks(text: &str) -> Option<Allowlist> {
    Allowlist::parse_all(text.split(',').map(str::trim)).ok().filter(|list| !list.is_unrestricted())
}
