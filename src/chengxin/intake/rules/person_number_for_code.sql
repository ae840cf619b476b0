-- A register entry is about a body, but an individual business's old tax number can be its owner's identity number: the
-- row comes back without it. The value is not repeated.
SELECT row_number, '主体代码' AS field, '' AS value, '主体自己的代码；没有的留空' AS expected
FROM person_like
