"""The web door: the playground, where somebody asks as anyone in the company and opens every footnote."""
