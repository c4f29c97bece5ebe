-- What columns say since figures of real tickets were put right.

ALTER TABLE ${GENERATION}.ticket_solve ${ON_CLUSTER}
    COMMENT COLUMN by_closing '1 when it was closed while no solve stood: never solved, or opened again since';
