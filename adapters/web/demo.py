"""The demo company as the playground offers it."""

from adapters.demo import company as demo
from adapters.web.places import Channel, Company, Member, Suggestion


def demo_company(company: demo.Company) -> Company:
    """Return the demo company in the playground's words; its groups as people say them, its channels with a `#`."""
    titles = {group.name: group.title for group in company.groups}
    return Company(
        name=company.name,
        members=tuple(_member(person, titles) for person in company.people),
        channels=tuple(Channel(name=f"#{channel.name}", members=channel.members) for channel in company.channels),
        suggestions=tuple(_suggestion(suggestion) for suggestion in company.suggestions),
    )


def _member(person: demo.Person, titles: dict[str, str]) -> Member:
    groups = tuple(titles[group] for group in person.groups)
    return Member(email=person.email, name=person.name, title=person.title, groups=groups)


def _suggestion(suggestion: demo.Suggestion) -> Suggestion:
    place = f"#{suggestion.channel}" if suggestion.channel else ""
    return Suggestion(text=suggestion.text, person=suggestion.asker, place=place, why=suggestion.shows)
