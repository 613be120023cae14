import type { Entity } from "./entities";

/** What an entity has: its description, where it leads, its columns. */
export function Details({ entity, onSelect }: { entity: Entity; onSelect(name: string | null): void }) {
  return (
    <>
      <h2>
        {entity.name}
        <button type="button" aria-label="Close" onClick={() => onSelect(null)}>
          ×
        </button>
      </h2>
      <p>{entity.description}</p>
      <h3>Relations</h3>
      <ul>
        {entity.relations.map(({ name, target, many, description }) => (
          <li key={name} title={description}>
            <code>{name}</code>
            <button type="button" onClick={() => onSelect(target)}>
              {many ? `[${target}]` : target}
            </button>
          </li>
        ))}
      </ul>
      <h3>Fields</h3>
      <ul>
        {entity.columns.map(({ name, type, description }) => (
          <li key={name} title={description}>
            <code>{name}</code>
            <span>{type}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
