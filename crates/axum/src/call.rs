//! A call: where it is, who may, what goes in and comes out, and which function answers.
//!
//! The router and the OpenAPI document are both made of one list of calls, so neither has a route that the other lacks.

mod content;
mod description;

use axum::{
    handler::Handler,
    routing::{MethodRouter, delete, get, patch, post, put},
};
use http::Method;
use serde_json::Value;
use service_accounts::{Covers, OnItself};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Array, ObjectBuilder, RefOr, Required, Schema, Type,
        path::{ParameterBuilder, ParameterIn},
        schema::SchemaType,
    },
};

pub(crate) use self::{
    content::{Answer, Content},
    description::{Description, Needs, Refusals},
};
use crate::{
    api::Api,
    problems::{self, Kind},
};

/// What the document says of a call, and the route that answers it; `T` is what its handler works with.
///
/// The two are made together, so that the document cannot tell of a path that nobody answers.
pub(crate) struct Endpoint<T> {
    pub(crate) told: Description,
    pub(crate) route: MethodRouter<T>,
}

/// A call of the endpoints under `/api/v1`.
pub(crate) type Call<S, P> = Endpoint<Api<S, P>>;

impl<T: Clone + Send + Sync + 'static> Endpoint<T> {
    fn new(method: Method, path: &'static str, id: &'static str, route: MethodRouter<T>) -> Self {
        Self { told: Description::new(method, path, id), route }
    }

    /// The `id` is the `operationId`: a generated client names a function by it, so it never changes.
    pub(crate) fn get<A: 'static>(path: &'static str, id: &'static str, handler: impl Handler<A, T>) -> Self {
        Self::new(Method::GET, path, id, get(handler))
    }

    pub(crate) fn post<A: 'static>(path: &'static str, id: &'static str, handler: impl Handler<A, T>) -> Self {
        Self::new(Method::POST, path, id, post(handler))
    }

    pub(crate) fn put<A: 'static>(path: &'static str, id: &'static str, handler: impl Handler<A, T>) -> Self {
        Self::new(Method::PUT, path, id, put(handler))
    }

    pub(crate) fn patch<A: 'static>(path: &'static str, id: &'static str, handler: impl Handler<A, T>) -> Self {
        Self::new(Method::PATCH, path, id, patch(handler))
    }

    /// A deletion answers 204 unless it says otherwise.
    pub(crate) fn delete<A: 'static>(path: &'static str, id: &'static str, handler: impl Handler<A, T>) -> Self {
        Self::new(Method::DELETE, path, id, delete(handler))
    }
}

impl<T> Endpoint<T> {
    /// One sentence on what it does.
    pub(crate) fn summary(mut self, summary: &'static str) -> Self {
        self.told.summary = summary;
        self
    }

    /// Only for who is authenticated.
    pub(crate) fn bearer(self) -> Self {
        self.needs(Needs::Credential)
    }

    /// Who may make it.
    pub(crate) fn needs(mut self, needs: Needs) -> Self {
        self.told.needs = needs;
        self
    }

    /// Only for who may make this call of the facade; its table says which right that takes.
    ///
    /// What the rule of the call implies is added here: which problems it can meet follows from whom it covers, whether
    /// it changes anything, and whether policies are asked.
    pub(crate) fn administers(mut self, call: service_accounts::Call) -> Self {
        let rule = call.rule();
        let problems = &mut self.told.problems;
        if rule.covers != Covers::Nothing {
            problems.push(problems::GRANT_EXCEEDS_ACTOR);
        }
        if rule.on_itself == OnItself::Refused && self.told.path.contains('{') {
            problems.push(problems::OWN_ACCOUNT);
        }
        if self.told.method != Method::GET {
            problems.extend([problems::AUTHORITY_LOST, problems::CONFLICT]);
        }
        if gives(call) {
            problems.push(problems::POLICY_BLOCKED);
        }
        self.needs(Needs::Administration(rule.duty))
    }

    /// Takes an `Idempotency-Key`.
    ///
    /// Only where a lost answer loses a secret; other calls are safe to repeat or say 409.
    pub(crate) fn can_be_repeated(mut self) -> Self {
        let text = ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).max_length(Some(200));
        self.told.parameters.push(
            ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(
                    "A retry under the same key gets the same account, its secrets minted anew while none was used.",
                ))
                .schema(Some(text))
                .build(),
        );
        self
    }

    /// Takes these parameters in the query; unknown ones are refused.
    pub(crate) fn query<Q: IntoParams>(mut self) -> Self {
        self.told.parameters.extend(Q::into_params(|| Some(ParameterIn::Query)));
        self
    }

    /// Takes JSON.
    pub(crate) fn takes<B: ToSchema>(self, example: Value) -> Self {
        self.takes_content(Content::of::<B>(example))
    }

    /// Takes JSON, or no body at all.
    pub(crate) fn takes_or_nothing<B: ToSchema>(self, example: Value) -> Self {
        let mut call = self.takes::<B>(example);
        call.told.is_body_required = false;
        call
    }

    /// Takes a form.
    pub(crate) fn takes_form<B: ToSchema>(self, example: Value) -> Self {
        self.takes_content(Content { media_type: "application/x-www-form-urlencoded", ..Content::of::<B>(example) })
    }

    /// Takes text of another media type than JSON.
    pub(crate) fn takes_text(self, media_type: &'static str, example: &str) -> Self {
        self.takes_content(Content::text(media_type, example))
    }

    /// A call takes one body at most.
    fn takes_content(mut self, content: Content) -> Self {
        self.told.body = Some(content);
        self
    }

    /// This status, with JSON. The example is held against the real answer by a test.
    pub(crate) fn answers<B: ToSchema>(self, status: u16, description: &'static str, example: Value) -> Self {
        self.answers_with(Answer::new(status, description, vec![Content::of::<B>(example)]))
    }

    /// 200, with a page of these.
    pub(crate) fn lists<B: ToSchema>(self, example: Value) -> Self {
        let example = serde_json::json!({ "items": [example], "next_cursor": null });
        self.answers_with(Answer::new(200, "A page.", vec![Content::page_of::<B>(example)]))
    }

    /// 200, with all of these in one list.
    pub(crate) fn answers_all<B: ToSchema>(self, description: &'static str, example: Value) -> Self {
        let item = Content::of::<B>(example);
        let schema = RefOr::T(Schema::Array(Array::new(item.schema.clone())));
        let content = Content { schema, example: serde_json::json!([item.example]), ..item };
        self.answers_with(Answer::new(200, description, vec![content]))
    }

    /// 201, with a `Location`.
    pub(crate) fn makes<B: ToSchema>(self, description: &'static str, example: Value) -> Self {
        let answer = Answer::new(201, description, vec![Content::of::<B>(example)]);
        self.answers_with(Answer { is_located: true, ..answer })
    }

    /// 200, with text of another media type than JSON.
    pub(crate) fn answers_text(self, media_type: &'static str, description: &'static str, example: &str) -> Self {
        self.answers_with(Answer::new(200, description, vec![Content::text(media_type, example)]))
    }

    fn answers_with(mut self, answer: Answer) -> Self {
        self.told.answer = answer;
        self
    }

    /// Where all is well in another way, this.
    pub(crate) fn or_answers<B: ToSchema>(mut self, status: u16, description: &'static str, example: Value) -> Self {
        self.told.other_answers.push(Answer::new(status, description, vec![Content::of::<B>(example)]));
        self
    }

    /// The answer named last, as text of another media type too, where the request's `Accept` asks for it.
    pub(crate) fn also_as(mut self, media_type: &'static str, example: &str) -> Self {
        let answer = self.told.other_answers.last_mut().unwrap_or(&mut self.told.answer);
        answer.contents.push(Content::text(media_type, example));
        self
    }

    /// A retry may be answered with 200.
    ///
    /// Clients tell by the status whether they made something new.
    pub(crate) fn again_with_200(mut self) -> Self {
        self.told.answer.again = Some(200);
        self
    }

    /// What it may answer besides what follows from its form.
    pub(crate) fn fails_with(mut self, problems: &[Kind]) -> Self {
        self.told.problems.extend(problems);
        self
    }

    /// Its refusals have the shape of RFC 6749 §5.2.
    ///
    /// Such a call does not answer with problems at all, for clients of the standard do not read them.
    pub(crate) fn fails_as_oauth(mut self, errors: &[Kind]) -> Self {
        self.told.refusals = Refusals::OAuth;
        self.fails_with(errors)
    }
}

/// Whether policies are asked about the call.
const fn gives(call: service_accounts::Call) -> bool {
    use service_accounts::Call;
    matches!(
        call,
        Call::CreateAccount
            | Call::UpdateAccount
            | Call::EnableAccount
            | Call::ApproveAccount
            | Call::RegenerateSecret
            | Call::MintToken
            | Call::SetTokenScopes
            | Call::RotateToken
            | Call::ContainToken
            | Call::ContainAccount
    )
}
