-- An episode that goes on under another name says so: what was retracted never was.

ALTER TABLE ${GENERATION}.risk_episode ${ON_CLUSTER}
    COMMENT COLUMN reason 'recovered, fact_ended, renewed, churned, retracted, renamed, merged, model_retired; empty while it is open';
