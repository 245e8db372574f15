//! One word for one thing.
//!
//! ## Who
//!
//! | word | what it means here |
//! |---|---|
//! | service account, account | a machine user. It belongs to no person and signs in nowhere |
//! | host | the program that uses this library |
//! | actor | whoever asks for an administrative call: the host, a person the host vouches for, or a service account. See [`Actor`](crate::Actor) |
//! | principal | an account that has authenticated, with the credential it showed. See [`Principal`](crate::Principal) |
//! | stranger | whoever sends text that no record verifies. A stranger is never named as the actor of an event |
//! | client | the program that sends a credential. Its **client id** is the account's id |
//! | realm | the part behind the `@` of an id; the boundary between tenants on one store |
//!
//! ## What is shown
//!
//! | word | what it means here |
//! |---|---|
//! | credential | any of the three below |
//! | token (`sat`) | a bearer credential that lives for months and has a name within its account |
//! | session (`ses`) | a bearer credential of at most 24 hours, opened with the client secret |
//! | client secret (`sec`) | what an account exchanges for sessions. It is no bearer credential, and an account has one that works |
//! | text | the characters of a credential, shown once and stored nowhere |
//! | id | the first 16 characters behind the prefix: public, in logs and URLs |
//! | digest | the keyed hash that a store keeps in the secret's place |
//! | hint | `acme_sat_Ab12…x9Zq`, by which people recognise a credential in a list |
//! | pepper | the key of the digests. It is kept apart from the database |
//! | keyring | the peppers of one process: the current one, and earlier ones that still verify |
//!
//! ## What is allowed
//!
//! | word | what it means here |
//! |---|---|
//! | permission | one thing a handler asks for, such as `datastores:view`. Code, not data |
//! | role | a named set of permissions. Data: the catalogue |
//! | scope | a named set of permissions that narrows a role. Never widens |
//! | team | whose resources an account may reach |
//! | grant | role, scopes and teams of one account |
//! | grants | what a grant amounts to by the present catalogue |
//! | allowlist | the networks a credential may come from |
//! | justification | why an account has more than the lowest role |
//! | proposal | rights, networks and an end that wait for a second administrator |
//!
//! ## How it ends
//!
//! | word | what it means here |
//! |---|---|
//! | rejection | why a credential was not accepted: for the trail. See [`Rejection`](crate::Rejection) |
//! | disclosure | what the client is told of a rejection. See [`Disclosure`](crate::Disclosure) |
//! | refusal | why a store did not make a change. See [`Refusal`](crate::store::Refusal) |
//! | problem | an HTTP answer that says what went wrong (RFC 9457) |
//! | revoked | ended by somebody, for good |
//! | expired | its date has passed. Nobody has to write that down |
//! | disabled | suspended: enabling brings it back |
//! | deleted | gone from the lists. The trail keeps its history |
//! | retiring | replaced by a successor, and still working for a while |
//!
//! ## What happens over time
//!
//! | word | what it means here |
//! |---|---|
//! | rotation | a successor takes a token's place. Both work until the successor is used or the overlap ends |
//! | observation | the time after a revocation in which attempts are watched for |
//! | look | a person checked a token's last use and role |
//! | review | a person decided whether an account is still needed as it is |
//! | containment | revoke first, then write down what happened: an incident |
//! | sighting | how often a credential was seen at an address, or used for a permission |
//! | trail | all events in their order |
//! | event | one thing that happened, and the change it belongs to |
//! | access event | a credential was used or refused; repeats within a minute are one event with a count |
//! | revision | the place in the trail of the event that last changed a record |
//! | cursor | how far a reader of the trail has come |
//! | upkeep | the call that a host makes every second or so |
