import "swagger-ui-dist/swagger-ui.css";

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

SwaggerUI({
  url: "/openapi.json",
  dom_id: "#root",
  // A few hundred routes are a lot to lay out; an entity's unfold when they are asked for.
  docExpansion: "none",
  filter: true,
  tagsSorter: "alpha",
  // By default the document's address is sent to a server elsewhere, to be judged.
  validatorUrl: null,
});
