-- The person of a change row is also who opened a ticket: whoever asks the same again was not helped at the first contact.

ALTER TABLE ${GENERATION}.metric_change ${ON_CLUSTER}
    COMMENT COLUMN IF EXISTS person 'Contact whose latest answer alone counts, or who asked; empty elsewhere, or if unknown';
