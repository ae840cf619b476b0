-- A licence cannot end before it begins.
SELECT row_number, '有效期至' AS field, valid_until AS value, '不早于有效期自 ' || valid_from AS expected
FROM staged
WHERE TRY_CAST(valid_until AS DATE) < TRY_CAST(valid_from AS DATE)
