//! A call: where it is, who may, what goes in and comes out, and which function answers.
//!
//! The router and the OpenAPI document are both made of one list of calls, so neither has a route that the other lacks.

use axum::{
    handler::Handler,
    routing::{MethodRouter, delete, get, patch, post, put},
};
use http::Method;
use serde_json::Value;
use service_accounts::{Covers, Duty, OnItself, access::Permission, store::Store};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        Array, ArrayBuilder, ObjectBuilder, RefOr, Required, Schema, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::SchemaType,
    },
};

use crate::{
    api::Api,
    problems::{self, Kind},
};

/// One call of the endpoints.
pub(crate) struct Call<S, P: Permission> {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) needs: Needs,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Content>,
    pub(crate) answer: Answer,
    /// What it answers under another status, and with another content.
    pub(crate) other_answers: Vec<Answer>,
    pub(crate) problems: Vec<Kind>,
    pub(crate) route: MethodRouter<Api<S, P>>,
}

/// Who may make a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Anybody.
    Nothing,
    /// Who is authenticated.
    Credential,
    /// Who has this right to administrate.
    Administration(Duty),
}

/// A body, with its schema, the schemas it refers to, and an example.
pub(crate) struct Content {
    pub(crate) media_type: &'static str,
    pub(crate) schema: RefOr<Schema>,
    pub(crate) parts: Vec<(String, RefOr<Schema>)>,
    pub(crate) example: Value,
}

/// What a call answers when all is well.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) description: &'static str,
    /// The same in each of these media types, as the request's `Accept` asks for; the first where it does not.
    pub(crate) contents: Vec<Content>,
    /// The other status with which a retry is answered.
    pub(crate) again: Option<u16>,
    /// Whether it tells in `Location` where the new thing is.
    pub(crate) is_located: bool,
}

impl<S: Store + 'static, P: Permission> Call<S, P> {
    fn new(method: Method, path: &'static str, id: &'static str, route: MethodRouter<Api<S, P>>) -> Self {
        let answer = Answer::new(204, "Done.", vec![]);
        let (summary, needs) = ("", Needs::Nothing);
        let (parameters, body, other_answers, problems) = (Vec::new(), None, Vec::new(), Vec::new());
        Self { method, path, id, summary, needs, parameters, body, answer, other_answers, problems, route }
    }

    pub(crate) fn get<T: 'static>(path: &'static str, id: &'static str, handler: impl Handler<T, Api<S, P>>) -> Self {
        Self::new(Method::GET, path, id, get(handler))
    }

    pub(crate) fn post<T: 'static>(path: &'static str, id: &'static str, handler: impl Handler<T, Api<S, P>>) -> Self {
        Self::new(Method::POST, path, id, post(handler))
    }

    pub(crate) fn put<T: 'static>(path: &'static str, id: &'static str, handler: impl Handler<T, Api<S, P>>) -> Self {
        Self::new(Method::PUT, path, id, put(handler))
    }

    pub(crate) fn patch<T: 'static>(path: &'static str, id: &'static str, handler: impl Handler<T, Api<S, P>>) -> Self {
        Self::new(Method::PATCH, path, id, patch(handler))
    }

    pub(crate) fn delete<T: 'static>(
        path: &'static str,
        id: &'static str,
        handler: impl Handler<T, Api<S, P>>,
    ) -> Self {
        Self::new(Method::DELETE, path, id, delete(handler))
    }
}

impl<S, P: Permission> Call<S, P> {
    /// One sentence on what it does.
    pub(crate) fn summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// Only for who is authenticated.
    pub(crate) fn bearer(self) -> Self {
        Self { needs: Needs::Credential, ..self }
    }

    /// Only for who may make this call of the facade; its table says which right that takes.
    pub(crate) fn administers(self, call: service_accounts::Call) -> Self {
        let rule = call.rule();
        let mut problems = self.problems;
        if rule.covers != Covers::Nothing {
            problems.push(problems::GRANT_EXCEEDS_ACTOR);
        }
        if rule.on_itself == OnItself::Refused && self.path.contains('{') {
            problems.push(problems::OWN_ACCOUNT);
        }
        if self.method != Method::GET {
            problems.extend([problems::AUTHORITY_LOST, problems::CONFLICT]);
        }
        if gives(call) {
            problems.push(problems::POLICY_BLOCKED);
        }
        Self { needs: Needs::Administration(rule.duty), problems, ..self }
    }

    /// Takes an `Idempotency-Key`.
    pub(crate) fn can_be_repeated(mut self) -> Self {
        let text = ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).max_length(Some(200));
        self.parameters.push(
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

    pub(crate) fn query<Q: IntoParams>(self) -> Self {
        Self { parameters: Q::into_params(|| Some(ParameterIn::Query)), ..self }
    }

    pub(crate) fn takes<T: ToSchema>(self, example: Value) -> Self {
        Self { body: Some(Content::of::<T>(example)), ..self }
    }

    pub(crate) fn answers<T: ToSchema>(self, status: u16, description: &'static str, example: Value) -> Self {
        Self { answer: Answer::new(status, description, vec![Content::of::<T>(example)]), ..self }
    }

    /// 200, with a page of these.
    pub(crate) fn lists<T: ToSchema>(self, example: Value) -> Self {
        let example = serde_json::json!({ "items": [example], "next_cursor": null });
        Self { answer: Answer::new(200, "A page.", vec![Content::page_of::<T>(example)]), ..self }
    }

    /// 200, with all of these in one list.
    pub(crate) fn answers_all<T: ToSchema>(self, description: &'static str, example: Value) -> Self {
        let item = Content::of::<T>(example);
        let schema = RefOr::T(Schema::Array(Array::new(item.schema.clone())));
        let content = Content { schema, example: serde_json::json!([item.example]), ..item };
        Self { answer: Answer::new(200, description, vec![content]), ..self }
    }

    /// 201, with a `Location`.
    pub(crate) fn makes<T: ToSchema>(self, description: &'static str, example: Value) -> Self {
        let answer = Answer::new(201, description, vec![Content::of::<T>(example)]);
        Self { answer: Answer { is_located: true, ..answer }, ..self }
    }

    /// Takes text of another media type than JSON.
    pub(crate) fn takes_text(self, media_type: &'static str, example: &str) -> Self {
        Self { body: Some(Content::text(media_type, example)), ..self }
    }

    /// 200, with text of another media type than JSON.
    pub(crate) fn answers_text(self, media_type: &'static str, description: &'static str, example: &str) -> Self {
        Self { answer: Answer::new(200, description, vec![Content::text(media_type, example)]), ..self }
    }

    /// Where all is well in another way, this.
    pub(crate) fn or_answers<T: ToSchema>(mut self, status: u16, description: &'static str, example: Value) -> Self {
        self.other_answers.push(Answer::new(status, description, vec![Content::of::<T>(example)]));
        self
    }

    /// The answer named last, as text of another media type too, where the request's `Accept` asks for it.
    pub(crate) fn also_as(mut self, media_type: &'static str, example: &str) -> Self {
        let answer = self.other_answers.last_mut().unwrap_or(&mut self.answer);
        answer.contents.push(Content::text(media_type, example));
        self
    }

    /// A retry may be answered with 200.
    pub(crate) fn again_with_200(mut self) -> Self {
        self.answer.again = Some(200);
        self
    }

    /// What it may answer besides what follows from its form.
    pub(crate) fn fails_with(self, problems: &[Kind]) -> Self {
        let problems = [&self.problems, problems].concat();
        Self { problems, ..self }
    }

    /// Every problem: those that its form implies, and its own, in the order of their status.
    pub(crate) fn all_problems(&self) -> Vec<Kind> {
        let mut all = self.problems.clone();
        all.push(problems::UNAVAILABLE);
        all.push(problems::INVALID_REQUEST);
        if self.needs != Needs::Nothing {
            all.extend([problems::UNAUTHENTICATED, problems::INVALID_TOKEN]);
        }
        if let Needs::Administration(_) = self.needs {
            all.push(problems::INSUFFICIENT_SCOPE);
        }
        if self.path.contains('{') {
            all.push(problems::NOT_FOUND);
        }
        if self.body.is_some() {
            // A body that breaks off is malformed too, whatever its media type.
            all.extend([problems::MALFORMED_JSON, problems::BODY_TOO_LARGE, problems::UNSUPPORTED_MEDIA_TYPE]);
        }
        if self.body.is_some() || !self.parameters.is_empty() {
            all.push(problems::VALIDATION_ERROR);
        }
        all.sort();
        all.dedup();
        all
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

impl Answer {
    fn new(status: u16, description: &'static str, contents: Vec<Content>) -> Self {
        Self { status, description, contents, again: None, is_located: false }
    }
}

impl Content {
    fn of<T: ToSchema>(example: Value) -> Self {
        let mut parts = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut parts);
        Self { media_type: "application/json", schema: reference(&T::name()), parts, example }
    }

    fn text(media_type: &'static str, example: &str) -> Self {
        let schema = ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).into();
        Self { media_type, schema, parts: Vec::new(), example: example.into() }
    }

    fn page_of<T: ToSchema>(example: Value) -> Self {
        let item = Self::of::<T>(example);
        let name = format!("{}Page", T::name());
        let parts = item.parts.into_iter().chain([(name.clone(), page_schema(item.schema))]).collect();
        Self { schema: reference(&name), parts, media_type: item.media_type, example: item.example }
    }
}

/// The form of [`PageView`](crate::wire::page::PageView) with these items.
fn page_schema(item: RefOr<Schema>) -> RefOr<Schema> {
    let cursor = SchemaType::from_iter([Type::String, Type::Null]);
    let next = "What to pass as `cursor` for the next page; null on the last one.";
    let items =
        ArrayBuilder::new().items(item).description(Some("The items in order; a short page may have a next one."));
    ObjectBuilder::new()
        .property("items", items)
        .required("items")
        .property("next_cursor", ObjectBuilder::new().schema_type(cursor).description(Some(next)))
        .required("next_cursor")
        .into()
}

fn reference(name: &str) -> RefOr<Schema> {
    RefOr::Ref(utoipa::openapi::Ref::from_schema_name(name))
}

/// A refusal on the wire.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ProblemShape {
    /// Always `about:blank`: `code` tells problems apart.
    #[schema(rename = "type", example = "about:blank")]
    r#type: String,
    /// The name of the status.
    title: String,
    /// The status of the answer.
    status: u16,
    /// A sentence for people; it names the field that does not fit.
    detail: String,
    /// Stable, for programs.
    code: String,
}

impl ProblemShape {
    pub(crate) fn part() -> (String, RefOr<Schema>) {
        (Self::name().into_owned(), <Self as PartialSchema>::schema())
    }
}
