"""The office end (政务端): departments and the credit centre."""
