//! Schemas in the shapes that generators of clients understand: an object is one object, each variant of a union has a name, and what is
//! described stands in one place.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::openapi::schema::{AllOf, ArrayItems, Discriminator, Object, OneOf, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};

/// The schemas with names.
pub(super) type Schemas = BTreeMap<String, RefOr<Schema>>;

pub(super) fn reshape(schemas: &mut Schemas) {
    let known = schemas.clone();
    for schema in schemas.values_mut() {
        merge(schema, &known);
    }
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in &names {
        let variants = match schemas.get_mut(name) {
            Some(RefOr::T(Schema::OneOf(union))) => name_variants(name, union),
            Some(RefOr::T(Schema::Object(page))) if name.starts_with("Page_") => {
                refer_to_item(name, page);
                continue;
            }
            _ => continue,
        };
        schemas.extend(variants);
    }
    drop_parts(schemas, &known);
}

/// Removes what was only a part of others.
fn drop_parts(schemas: &mut Schemas, before: &Schemas) {
    let (was, is) = (references(before), references(schemas));
    schemas.retain(|name, _| !was.contains(name) || is.contains(name));
}

/// The names of the schemas that others refer to.
fn references(schemas: &Schemas) -> BTreeSet<String> {
    let text = serde_json::to_string(schemas).unwrap_or_default();
    let names = schemas.keys().filter(|name| text.contains(&format!("/schemas/{name}\"")));
    names.cloned().collect()
}

/// An object that is composed of others becomes one: serde flattens it, so nobody sees the parts.
fn merge(schema: &mut RefOr<Schema>, known: &Schemas) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::AllOf(parts) => *schema = Schema::Object(merged(parts, known)),
        Schema::OneOf(union) => union.items.iter_mut().for_each(|item| merge(item, known)),
        _ => (),
    }
}

fn merged(parts: &AllOf, known: &Schemas) -> Object {
    let mut whole = Object::with_type(Type::Object);
    whole.description.clone_from(&parts.description);
    for part in &parts.items {
        let part = match part {
            RefOr::Ref(to) => known.get(target(to)),
            part => Some(part),
        };
        if let Some(RefOr::T(Schema::Object(part))) = part {
            whole.properties.extend(part.properties.clone());
            whole.required.extend(part.required.clone());
        }
    }
    whole
}

/// Gives each variant of a tagged union a name, and says in which property it tells which it is.
fn name_variants(name: &str, union: &mut OneOf) -> Vec<(String, RefOr<Schema>)> {
    let Some(tags) = union.items.iter().map(tag).collect::<Option<Vec<String>>>() else { return vec![] };
    let names = tags.iter().map(|tag| format!("{name}{}", pascal(tag)));
    let references = names.clone().map(|name| RefOr::Ref(Ref::from_schema_name(name)));
    let variants = std::mem::replace(&mut union.items, references.collect());
    let path = |name: String| Ref::from_schema_name(name).ref_location;
    let mut discriminator = Discriminator::new("type");
    discriminator.mapping = tags.iter().cloned().zip(names.clone().map(path)).collect();
    union.discriminator = Some(discriminator);
    names.zip(variants).collect()
}

/// The one word that the property `type` of a variant may be.
fn tag(variant: &RefOr<Schema>) -> Option<String> {
    let RefOr::T(Schema::Object(variant)) = variant else { return None };
    let RefOr::T(Schema::Object(tag)) = variant.properties.get("type")? else { return None };
    match tag.enum_values.as_deref()? {
        [serde_json::Value::String(word)] => Some(word.clone()),
        _ => None,
    }
}

fn pascal(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    word.split('_').filter_map(capital).collect()
}

/// A page's items have a schema of their own.
fn refer_to_item(name: &str, page: &mut Object) {
    let item = name.trim_start_matches("Page_");
    if let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items") {
        items.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name(item))));
    }
}

fn target(to: &Ref) -> &str {
    to.ref_location.rsplit('/').next().unwrap_or_default()
}

/// Whether values are of this type, or perhaps null.
pub(super) fn is(object: &Object, kind: &Type) -> bool {
    match &object.schema_type {
        SchemaType::Type(only) => only == kind,
        SchemaType::Array(kinds) => kinds.contains(kind),
        SchemaType::AnyValue => false,
    }
}
