//! The API's description (OpenAPI). What all routes share is written once, here: names, and the errors that come from the guard, from a
//! stopping node and from the node's own faults.

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, Ref, RefOr, ResponseBuilder};

#[derive(OpenApi)]
#[openapi(
    info(title = "Bouya node", description = "A consortium's ledger: one node's API. Amounts are decimal strings in coins, hashes lower-case hex, times RFC 3339 in UTC; every error is a problem document (RFC 9457)."),
    components(schemas(super::views::Problem, super::views::Event, super::views::Lagged)),
    tags(
        (name = "node", description = "This node"),
        (name = "finality", description = "What the members have voted final"),
        (name = "members", description = "Who the members are, and what they decide about members"),
        (name = "peers", description = "Its peers"),
        (name = "chain", description = "Blocks"),
        (name = "transactions", description = "Transactions, confirmed or not"),
        (name = "accounts", description = "What addresses hold and did"),
        (name = "records", description = "What was written down"),
        (name = "agreements", description = "What parties agreed on"),
    )
)]
pub(super) struct Description;

/// Completes what the routes say about themselves.
pub(super) fn complete(mut openapi: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let components = openapi.components.get_or_insert_with(Components::default);
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    openapi.paths.paths.values_mut().flat_map(operations).for_each(complete_operation);
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
    let (body, parameters) = (operation.request_body.is_some(), operation.parameters.is_some());
    for (status, applies, why) in [
        ("400", body || parameters, "a value makes no sense; the detail names it"),
        ("401", operation.security.is_some(), "the token is missing or wrong"),
        ("403", true, "the Host header names another host than this node"),
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
