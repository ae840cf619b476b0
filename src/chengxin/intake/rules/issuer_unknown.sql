-- 谁产生、谁负责: the issuing organ is one of the city's organisations, by its code, and in lists without a code by its name.
SELECT row_number, '决定机关' AS field, CASE WHEN issuer_code <> '' THEN issuer_code ELSE issuer_name END AS value,
    '本市单位目录中的机关' AS expected
FROM staged
WHERE (issuer_code <> '' AND issuer_code NOT IN (SELECT uscc FROM organisation))
    OR (issuer_code = '' AND issuer_name <> '' AND issuer_name NOT IN (SELECT name FROM organisation_name))
