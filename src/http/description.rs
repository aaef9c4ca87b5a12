//! The API's description (OpenAPI). What all routes share is written once, here: names, and the errors that come from the guard, from a
//! stopping node and from the node's own faults.

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, Content, ContentBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, ResponseBuilder,
    SchemaFormat, Server, Type,
};

mod kinds;
mod shapes;

#[derive(OpenApi)]
#[openapi(
    info(title = "Bouya node", description = "A consortium's ledger: one node's API. Amounts are decimal strings in coins, hashes lower-case hex, times RFC 3339 in UTC; every error is a problem document (RFC 9457)."),
    components(schemas(
        super::views::Problem,
        super::views::ProblemType,
        super::views::Event,
        super::views::Lagged,
        super::views::FeedAt,
        super::views::FeedUndone,
    )),
    tags(
        (name = "node", description = "This node"),
        (name = "finality", description = "What the members have voted final"),
        (name = "members", description = "Who the members are, and what they decide about members"),
        (name = "peers", description = "Its peers"),
        (name = "chain", description = "Blocks"),
        (name = "transactions", description = "Transactions, confirmed or not"),
        (name = "feed", description = "What happened, for programs that must miss nothing"),
        (name = "accounts", description = "What addresses hold and did"),
        (name = "records", description = "What was written down"),
        (name = "contracts", description = "Rules that every node executes to the same result"),
        (name = "agreements", description = "What parties agreed on"),
    )
)]
pub(super) struct Description;

/// Completes what the routes say about themselves.
pub(super) fn complete(mut openapi: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let components = openapi.components.get_or_insert_with(Components::default);
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    shapes::reshape(&mut components.schemas);
    kinds::constrain(&mut components.schemas);
    openapi.paths.paths.values_mut().flat_map(operations).for_each(complete_operation);
    // Whoever reads the description at a node talks to that node.
    openapi.security = Some(vec![]);
    openapi.servers = Some(vec![Server::new("/")]);
    openapi
}

/// The methods that this API uses.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
}

fn complete_operation(operation: &mut Operation) {
    // Handlers in different modules share names, but here names must be unique.
    let tag = operation.tags.iter().flatten().next();
    if let (Some(tag), Some(name)) = (tag, &operation.operation_id) {
        operation.operation_id = Some(format!("{tag}_{name}"));
    }
    let name = operation.operation_id.clone().unwrap_or_default();
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(schema) = &mut parameter.schema
        {
            kinds::constrain_parameter(&name, &parameter.name, schema);
        }
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.iter_mut().for_each(|(kind, content)| complete_bytes(kind, content));
        }
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.iter_mut().for_each(|(kind, content)| complete_bytes(kind, content));
    }
    // Said of each, so that nobody has to know what is meant where nothing is said.
    operation.security.get_or_insert_with(Vec::new);
    let (body, parameters) = (operation.request_body.is_some(), operation.parameters.is_some());
    for (status, applies, why) in [
        ("400", body || parameters, "a value makes no sense; the detail names it"),
        (
            "401",
            operation.security.as_ref().is_some_and(|needed| !needed.is_empty()),
            "the token is missing or wrong",
        ),
        ("403", true, "the Host header names another host than this node"),
        ("408", body, "the body did not come in time; nothing was done"),
        ("413", body, "the body is too large"),
        ("500", true, "a fault of the node itself, and in its log"),
        ("503", true, "the node is busy or stopping; try again"),
    ] {
        if applies && !operation.responses.responses.contains_key(status) {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let response =
                ResponseBuilder::new().description(why).content("application/problem+json", problem);
            operation.responses.responses.insert(status.to_owned(), RefOr::T(response.build()));
        }
    }
}

/// Bytes are bytes, not a list of numbers.
fn complete_bytes(kind: &str, content: &mut RefOr<Content>) {
    if let RefOr::T(content) = content
        && kind == "application/octet-stream"
    {
        let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
        content.schema = Some(ObjectBuilder::new().schema_type(Type::String).format(Some(binary)).into());
    }
}
