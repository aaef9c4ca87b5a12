//! `#[derive(Message)]` of `bouya-contract`: Borsh both ways, and what the ABI file says of a type.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Ident, Result, Type, parse_macro_input};

/// Makes a struct or an enum a message: what inputs, outputs, events and rows of contracts consist of. All fields have names, and are messages.
#[proc_macro_derive(Message)]
pub fn message(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// What a struct, or one variant of an enum, holds.
struct Part {
    names: Vec<Ident>,
    types: Vec<Type>,
}

impl Part {
    fn of(fields: &Fields, span: Span) -> Result<Self> {
        let named = match fields {
            Fields::Named(fields) => fields.named.iter().collect(),
            Fields::Unit => Vec::new(),
            Fields::Unnamed(_) => {
                return Err(Error::new(
                    span,
                    "give the fields names, as in Pay { amount: u64 }: people write and read them",
                ));
            }
        };
        let names = named.iter().filter_map(|field| field.ident.clone()).collect();
        Ok(Self { names, types: named.iter().map(|field| field.ty.clone()).collect() })
    }

    /// Writes each field, which a pattern has bound.
    fn write(&self) -> TokenStream {
        let names = &self.names;
        quote!(#( ::bouya_contract::borsh::BorshSerialize::serialize(#names, writer)?; )*)
    }

    /// Reads each field, in braces.
    fn read(&self) -> TokenStream {
        let names = &self.names;
        quote!({ #( #names: ::bouya_contract::borsh::BorshDeserialize::deserialize_reader(reader)?, )* })
    }

    /// Names and types of the fields.
    fn describe(&self) -> TokenStream {
        let names = self.names.iter().map(plain);
        let types = &self.types;
        quote!(::bouya_contract::abi::Fields::new()
            #( .field(#names, <#types as ::bouya_contract::Message>::describe(types)) )*)
    }
}

/// Without the `r#` of a name that is a keyword.
fn plain(name: &Ident) -> String {
    let text = name.to_string();
    text.strip_prefix("r#").unwrap_or(&text).to_owned()
}

fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    if !input.generics.params.is_empty() {
        return Err(Error::new(
            input.generics.span(),
            "a message has no parameters: the ABI file names types",
        ));
    }
    let (write, read, describe) = match &input.data {
        Data::Struct(data) => of_struct(&Part::of(&data.fields, name.span())?),
        Data::Enum(data) => {
            let part = |variant: &syn::Variant| {
                if variant.discriminant.is_some() {
                    return Err(Error::new(variant.span(), "variants are numbered by their order"));
                }
                Ok((variant.ident.clone(), Part::of(&variant.fields, variant.span())?))
            };
            of_enum(name, &data.variants.iter().map(part).collect::<Result<Vec<_>>>()?)?
        }
        Data::Union(_) => return Err(Error::new(name.span(), "a message is a struct or an enum")),
    };
    let text = plain(name);
    Ok(quote! {
        impl ::bouya_contract::borsh::BorshSerialize for #name {
            fn serialize<W: ::bouya_contract::borsh::io::Write>(
                &self,
                writer: &mut W,
            ) -> ::bouya_contract::borsh::io::Result<()> {
                let _ = &writer;
                #write
                Ok(())
            }
        }

        impl ::bouya_contract::borsh::BorshDeserialize for #name {
            fn deserialize_reader<R: ::bouya_contract::borsh::io::Read>(
                reader: &mut R,
            ) -> ::bouya_contract::borsh::io::Result<Self> {
                let _ = &reader;
                #read
            }
        }

        impl ::bouya_contract::Message for #name {
            fn describe(types: &mut ::bouya_contract::abi::Types) -> ::bouya_contract::abi::Type {
                types.define::<Self>(#text, |types| {
                    let _ = &types;
                    #describe
                })
            }
        }
    })
}

type Parts = (TokenStream, TokenStream, TokenStream);

fn of_struct(part: &Part) -> Parts {
    let (names, write, read, fields) = (&part.names, part.write(), part.read(), part.describe());
    (
        quote!(let Self { #(#names),* } = self; #write),
        quote!(Ok(Self #read)),
        quote!(::bouya_contract::abi::Definition::Struct(#fields)),
    )
}

fn of_enum(name: &Ident, variants: &[(Ident, Part)]) -> Result<Parts> {
    if variants.is_empty() || variants.len() > 256 {
        return Err(Error::new(name.span(), "an enum has 1 to 256 variants: one byte says which"));
    }
    let (mut writes, mut reads, mut described) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (variant, part)) in variants.iter().enumerate() {
        let number = u8::try_from(number).map_err(|_| Error::new(name.span(), "too many variants"))?;
        let (names, write, read, fields) = (&part.names, part.write(), part.read(), part.describe());
        let text = plain(variant);
        writes.push(quote!(Self::#variant { #(#names),* } => {
            ::bouya_contract::borsh::BorshSerialize::serialize(&#number, writer)?;
            #write
        }));
        reads.push(quote!(#number => Ok(Self::#variant #read),));
        described.push(quote!((#text, #fields)));
    }
    Ok((
        quote!(match self { #(#writes)* }),
        quote! {
            match <u8 as ::bouya_contract::borsh::BorshDeserialize>::deserialize_reader(reader)? {
                #(#reads)*
                _ => Err(::bouya_contract::borsh::io::ErrorKind::InvalidData.into()),
            }
        },
        quote!(::bouya_contract::abi::Definition::Enum(::bouya_contract::abi::Variants::from([#(#described),*]))),
    ))
}
