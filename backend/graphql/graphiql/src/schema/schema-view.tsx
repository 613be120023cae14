import "./schema.css";

import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from "graphql";
import { useEffect, useMemo, useState } from "react";

import { postRequest } from "../fetcher";
import { Details } from "./details";
import { type Entity, linksOf, readEntities } from "./entities";
import { SchemaGraph } from "./graph";
import { arrange } from "./layout";

/**
 * The entities of the schema as a drawing. Of some 1,500 types most are pages, filters, orders and figures of these:
 * a drawing of all would show nothing.
 */
export default function SchemaView({ token }: { token: string | null }) {
  const [entities, setEntities] = useState<ReadonlyMap<string, Entity> | string | null>(null);
  useEffect(() => {
    let stale = false;
    setEntities(null);
    void load(token).then((found) => {
      if (!stale) setEntities(found);
    });
    return () => {
      stale = true;
    };
  }, [token]);
  if (entities === null) return <p className="schema-notice">Drawing the schema…</p>;
  if (typeof entities === "string") return <p className="schema-notice" role="alert">{entities}</p>;
  return <Explorer entities={entities} />;
}

function Explorer({ entities }: { entities: ReadonlyMap<string, Entity> }) {
  const drawing = useMemo(() => arrange(entities, linksOf(entities)), [entities]);
  const [selected, setSelected] = useState<string | null>(null);
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const found = useMemo(
    () => new Set(wanted === "" ? [] : [...entities.keys()].filter((name) => name.toLowerCase().includes(wanted))),
    [entities, wanted],
  );
  const shown = selected === null ? undefined : entities.get(selected);
  return (
    <div className="schema-view">
      <SchemaGraph drawing={drawing} selected={selected} found={found} onSelect={setSelected} />
      <aside className="schema-side" aria-label="Details">
        <input
          type="search"
          aria-label="Find an entity"
          placeholder="Find an entity"
          value={search}
          onChange={(event) => {
            setSearch(event.target.value);
            setSelected(null);
          }}
          onKeyDown={(event) => {
            const [first] = found;
            if (event.key === "Enter" && first !== undefined) setSelected(first);
          }}
        />
        {shown === undefined ? (
          <p>
            {entities.size} entities. A line leads from the one that holds a key to the one that the key belongs to; who
            made and changed a row is left out. Click on one to see what it has.
          </p>
        ) : (
          <Details entity={shown} onSelect={setSelected} />
        )}
      </aside>
    </div>
  );
}

/** The entities that the holder of the token may know of, or what went wrong. */
async function load(token: string | null): Promise<ReadonlyMap<string, Entity> | string> {
  try {
    const { data, errors } = await postRequest(token, {
      query: getIntrospectionQuery(),
      operationName: "IntrospectionQuery",
    });
    const message = errors?.[0]?.message;
    if (message !== undefined) return message;
    return readEntities(buildClientSchema(data as unknown as IntrospectionQuery));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
