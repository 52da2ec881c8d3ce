"""What a tenant's own words mean: found in its documents, or said by its admin; questions are searched for by both forms.

acronyms   short and long forms that a text explains; pure
keys       what two spellings of one form have in common; pure
meaning    what a short form means, of all that is said of it; pure
reading    a question with what its words also mean; pure
stored     what is known of the forms of a question, in one statement
glossary   what is kept of them, for admins
"""
