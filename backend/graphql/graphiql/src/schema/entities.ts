import { getNamedType, type GraphQLField, type GraphQLSchema, isObjectType, isScalarType, isEnumType } from "graphql";

/** A field that leads to an entity: to one, or to a page of many. */
export interface Relation {
  name: string;
  target: string;
  many: boolean;
  description: string;
}

/** A type that has rows, without what is made for it: its pages, filters, orders and figures. */
export interface Entity {
  name: string;
  description: string;
  columns: { name: string; type: string; description: string }[];
  relations: Relation[];
}

const AUDIT = new Set(["createdBy", "updatedBy"]);
const CONNECTION = "Connection";

/** The entities of a schema by name: the types that come in pages. */
export function readEntities(schema: GraphQLSchema): Map<string, Entity> {
  const types = schema.getTypeMap();
  const named = (name: string) => (types[`${name}${CONNECTION}`] ? types[name] : undefined);
  const entities = new Map<string, Entity>();
  for (const type of Object.values(types)) {
    if (!isObjectType(type) || named(type.name) === undefined) continue;
    const fields = Object.values(type.getFields());
    entities.set(type.name, {
      name: type.name,
      description: type.description ?? "",
      columns: fields.filter(isColumn).map((field) => ({
        name: field.name,
        type: String(field.type),
        description: field.description ?? "",
      })),
      relations: fields.flatMap((field) => {
        const name = getNamedType(field.type).name;
        const many = named(name) === undefined && name.endsWith(CONNECTION);
        const target = many ? name.slice(0, -CONNECTION.length) : name;
        if (named(target) === undefined) return [];
        return [{ name: field.name, target, many, description: field.description ?? "" }];
      }),
    });
  }
  return entities;
}

function isColumn(field: GraphQLField<unknown, unknown>): boolean {
  const type = getNamedType(field.type);
  return isScalarType(type) || isEnumType(type);
}

/** What is drawn as one line: all ways to one from an entity to another. */
export interface Link {
  source: string;
  target: string;
  fields: string[];
}

/**
 * The lines between entities, along the keys that one holds of the other. Ways back are not drawn, nor ways to the
 * entity itself, and to who made and changed a row, which nearly all have.
 */
export function linksOf(entities: ReadonlyMap<string, Entity>): Link[] {
  const links = new Map<string, Link>();
  for (const entity of entities.values()) {
    for (const { name, target, many } of entity.relations) {
      if (many || target === entity.name || AUDIT.has(name) || isWayBack(entity, name, entities.get(target))) continue;
      const key = `${entity.name} ${target}`;
      const link = links.get(key) ?? { source: entity.name, target, fields: [] };
      link.fields.push(name);
      links.set(key, link);
    }
  }
  return [...links.values()];
}

/** Whether it is the other one that holds the key: of a relation to one that goes both ways. */
function isWayBack(entity: Entity, relation: string, target: Entity | undefined): boolean {
  const holdsKey = entity.columns.some(({ name }) => name === `${relation}Id`);
  return !holdsKey && (target?.relations.some((back) => !back.many && back.target === entity.name) ?? false);
}
