//! Running it: keys, backups, upgrades, size.
//!
//! ## Every day
//!
//! - Call [`upkeep`](crate::ServiceAccounts::upkeep) every second or so in each process, and
//!   [`flush`](crate::ServiceAccounts::flush) before a process ends.
//! - Call [`check_peppers`](crate::ServiceAccounts::check_peppers) once at the start, before the first request. If it fails, do
//!   not serve.
//! - Keep the machine's clock right. A token is expired when its date has come by that clock.
//! - Limit failed attempts in front of the service. No number of failures locks an account.
//!
//! ## Peppers
//!
//! Make one, and keep it where you keep secrets, never in the database or its backups:
//!
//! ```sh
//! echo k1:$(head -c 32 /dev/urandom | base64)
//! ```
//!
//! | to | do |
//! |---|---|
//! | read it | `Keyring::from_env("PEPPER")`, or [`Keyring::new`](crate::token::Keyring::new) with a key from elsewhere |
//! | replace it | start with `k2:…,k1:…`: the newest first. Each record moves over when its credential is next used |
//! | retire the old one | when [`peppers`](crate::Acting::peppers) counts zero under it, start without it |
//! | answer a theft of the database | nothing: without the pepper, its rows authenticate nobody |
//! | answer a theft of the pepper | start with a new pepper and without the old one. Every credential ends; mint anew |
//!
//! A lost pepper ends every credential. Nothing can restore them, so keep a copy in a second safe place.
//!
//! ## Backup and restore
//!
//! With SQLite, `SqliteStore::back_up` copies everything as of one moment while the service goes on. Never copy the file of a
//! running service: what is still in its log would be missing. With Postgres, use the server's own backups.
//!
//! A restore takes back everything since the backup. What was minted since is gone. **What was revoked, disabled or narrowed
//! since works again.** So stop the service, restore, and before it serves again do one of these:
//!
//! - Revoke again what an export of the trail names since the backup.
//! - [Revoke all credentials](crate::AccountHandle::revoke_credentials) of every account that the export names.
//! - Start with a new pepper and without the old one.
//!
//! ## The trail in the long run
//!
//! - [`Builder::seal`](crate::Builder::seal) has upkeep seal the trail. Make the key with `openssl rand -hex 32` and keep it where
//!   nobody reads it who can write to the store. The example service takes it as `SEAL_KEY`.
//! - To change the key, put the new one first and the earlier behind it
//!   ([`Sealing::replacing`](crate::Sealing::replacing)), in every process. A verifier is given both, in this order.
//! - [`Sealing::retaining_days`](crate::Sealing::retaining_days), `RETENTION_DAYS` in the example, removes sealed segments of that age once
//!   every subscription and the detectors are done with them. Where several realms share the store, the longest retention of
//!   them decides: [`Trimmed::is_held`](crate::Trimmed::is_held) tells that another realm holds the trail, and the events
//!   `trail.retention_noted` tell your own code what each one wants. A realm that sets none keeps everything. To retire such a
//!   realm, run its upkeep once with a retention.
//! - [`Builder::detect`](crate::Builder::detect), `DETECT=1` in the example, raises alerts. Besides `GET /alerts` they are events, so a
//!   subscription to `alert.raised` tells them.
//! - Keep the newest seal's tag (`GET /audit/seals`) outside of the store now and then: it tells a trail that was put back.
//! - [`Builder::observe`](crate::Builder::observe) tells a host's metrics of each change; `tracing` has them under the target
//!   `service_accounts::change`.
//!
//! ## Upgrades and the schema
//!
//! - A store moves its schema forward when it is opened, from every schema that ever stood on the main branch. It never moves
//!   back: make a backup first.
//! - An older release refuses a newer schema instead of guessing. So with several nodes on Postgres, start the new release on
//!   all of them within one maintenance window.
//! - The role of a Postgres store needs `CREATE` at the first start and at upgrades only.
//! - A line in the changelog says when a schema changes.
//!
//! ## Roles and permissions
//!
//! - [`replace_catalogue`](crate::Acting::replace_catalogue) changes roles while requests run, in one process. Call it in each.
//! - A role that disappears from the catalogue refuses its accounts as `unknown_grant`; nothing is granted by mistake.
//!
//! ## Size
//!
//! | what | figure |
//! |---|---|
//! | a credential with its account, stored | about 1 KB |
//! | an event, stored | about 1 KB, indexes included |
//! | memory of the facade | 16 MiB of waiting accesses at most |
//! | memory of the SQLite store | 64 MiB of credentials, 16 MiB of accounts, and its page caches at most |
//! | reads | one a request. SQLite: microseconds. Postgres: one round trip |
//! | changes | as many a second as the disk flushes; those that arrive together share a flush |
//! | access events | one a minute for each token, address, outcome and permission |
//! | accounts | no limit. Lists are paged |
//! | tokens of one account | 1,000 with those that ended: [`Builder::most_tokens`](crate::Builder::most_tokens). One more takes the place of the one that ended longest ago, once that is a week |
//! | sessions of one account | 100: [`Builder::most_sessions`](crate::Builder::most_sessions). One more takes the place of the one that ends first |
//!
//! Take SQLite while one machine is enough, and Postgres when a second node must authenticate the same credentials.
//!
//! ## When something happened
//!
//! | what | call |
//! |---|---|
//! | one token leaked | [`TokenHandle::contain`](crate::TokenHandle::contain) |
//! | an account is not to be trusted | [`AccountHandle::contain`](crate::AccountHandle::contain), then [`disable`](crate::AccountHandle::disable) |
//! | a log or a repository holds credentials | [`report_leak`](crate::Acting::report_leak) with its text |
//! | somebody left | [`audit`](crate::Acting::audit) by actor, then rotate what they have seen |
//! | nobody can administrate any more | create an administrator with [`Actor::host`](crate::Actor::host) from the host's own code |
