-- No catalogue item about bodies takes a natural person in, by category, by a filled identity number, or by an identity
-- number in the place of a code. The value is not repeated.
SELECT row_number, '行政相对人类别' AS field, '' AS value, '法人、非法人组织或个体工商户' AS expected
FROM staged LEFT JOIN person_like USING (row_number)
WHERE subject_category = '自然人' OR person_id_number <> '' OR person_like.row_number IS NOT NULL
