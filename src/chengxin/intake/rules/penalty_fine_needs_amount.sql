-- 处罚类别 names a fine, so 罚款金额 (万元) must be a positive amount.
SELECT row_number, '罚款金额' AS field, fine_amount AS value, '大于 0 的金额（万元）' AS expected
FROM staged
WHERE penalty_kind LIKE '%罚款%' AND coalesce(TRY_CAST(split_part(fine_amount, ' ', 1) AS DECIMAL(18, 6)), 0) <= 0
