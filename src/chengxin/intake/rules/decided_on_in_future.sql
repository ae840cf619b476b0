-- A decision cannot be handed in before it was made; the legal day is that of the batch's arrival. 长期, or the day that
-- stands for it, is no day of a decision.
SELECT row_number, '决定日期' AS field, decided_on AS value, '不晚于 ' || today::VARCHAR || ' 的日期' AS expected
FROM staged, context
WHERE TRY_CAST(decided_on AS DATE) > today OR decided_on = '长期'
