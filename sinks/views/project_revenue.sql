/*
comment: What was invoiced for projects, without tax and less credit notes, by the issue of the invoice; void invoices left out
columns:
  moment: When the invoice was issued, UTC
  account_id: Account
  fact_id: Invoice, and the line where it has lines
  project_id: Project that the line names; empty where it names none
  currency: ISO 4217 currency of the amount
  amount_micros: Amount without tax, less the line's part of credit notes, in millionths; below zero on a credit invoice
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    moment,
    account_id,
    concat(invoice_id, if(line_id = '', '', concat('/', line_id))) AS fact_id,
    project_id,
    currency,
    toInt64(if(total > 0, intDiv(toInt128(net) * greatest(total - credited, 0), total), net)) AS amount_micros,
    [concat('invoice:', invoice_id)] AS entities
FROM
(
    SELECT
        assumeNotNull(_i.issued_at) AS moment,
        _i.account_id AS account_id,
        _i.invoice_id AS invoice_id,
        _l.line_id AS line_id,
        _l.project_id AS project_id,
        toString(_i.currency) AS currency,
        _i.total_micros AS total,
        _i.credited_micros AS credited,
        if(_l.line_id = '', _i.total_micros - _i.tax_micros, _l.amount_micros - _l.tax_micros) AS net
    FROM (SELECT * FROM ${cx}.invoice WHERE status NOT IN ('void', 'incomplete') AND issued_at IS NOT NULL AND is_test = 0) AS _i
    LEFT JOIN ${cx}.invoice_line AS _l ON _i.account_id = _l.account_id AND _i.invoice_id = _l.invoice_id
)
